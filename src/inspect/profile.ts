import type { Engine, Feeds, PlannedOperation } from "../engine/engine.ts";
import { defaultEngine } from "../engine/index.ts";
import { inputsOf, variablesOf } from "../graph/index.ts";
import { dataTypeOf, type Model, predictionGraph, trainingGraph } from "../models/index.ts";
import { hyperOf } from "../optimizers/index.ts";
import { checkOptions, nullable, wholeNumberField } from "../options/index.ts";
import { allocate, RandomStream, sizeOf, Tensor, type TensorType } from "../tensor/index.ts";
import { engineField } from "./engine-field.ts";

/** How to profile. */
export interface ProfileOptions {
  /** Examples in a step; default 128. */
  readonly batchSize?: number;
  /** Steps that are timed; each operation's time is the median over them. Default 7. */
  readonly rounds?: number;
  /** What computes; default the process's wasm engine. */
  readonly engine?: Engine;
}

/** What a step does for one layer, and how long it takes: one or more calls of kernels, packing and the like included. */
export interface ProfiledOperation {
  /** Layer path; the parameter's name for an update. */
  readonly scope: string;
  /** Kinds of the graph nodes that are computed, the fused ones included. */
  readonly computes: readonly string[];
  readonly algorithm: string;
  readonly kernels: readonly string[];
  readonly flops: number;
  readonly milliseconds: number;
  /**
   * Billions of floating-point operations in a second; 0 for what only moves data. Those of a direct convolution are
   * counted, so that an algorithm with fewer may reach more than the machine's peak.
   */
  readonly gigaflops: number;
}

/** The operations of a step in the order in which they begin. */
export interface StepProfile {
  readonly batchSize: number;
  /** Name of the engine. */
  readonly engine: string;
  readonly threads: number;
  readonly operations: readonly ProfiledOperation[];
  /** Sum over all operations. */
  readonly milliseconds: number;
}

const fields = {
  batchSize: wholeNumberField(1, 128),
  rounds: wholeNumberField(1, 7),
  engine: nullable(engineField),
};

/** Steps before the timed ones: the optimizing compiler must have seen each kernel. */
const warmUps = 3;

/**
 * Times each operation of a training step of a model (of a prediction, if it is not compiled), with the model's weights and
 * random images. The model stays as it is: the step runs in a session of its own. Between operations all threads wait
 * for each other, so that the sum is somewhat more than a step takes.
 *
 * @throws OptionError for a wrong option, MemoryError when the memory does not hold the step
 */
export async function profileStep(model: Model, options: ProfileOptions = {}): Promise<StepProfile> {
  const { batchSize, rounds, ...given } = checkOptions("profileStep", options, fields);
  const engine = given.engine ?? (await defaultEngine());
  const data = { name: "data/profile", capacity: batchSize, dtype: dataTypeOf(model) };
  const { compiled } = model;
  const graph =
    compiled === null
      ? predictionGraph(model, "input", batchSize)
      : trainingGraph(model, compiled, data, batchSize);
  const hyper = compiled === null ? [] : hyperOf(compiled.optimizer, 0, 0);
  const session = await engine.openSession();
  try {
    const program = await session.compile(graph);
    const weights = await model.getWeights();
    for (const [name, variable] of variablesOf(graph)) {
      const value = weights.get(name) ?? (variable.dtype === "uint8" ? randomImages(variable) : null);
      if (value !== null) await session.write(name, value);
    }
    const feeds = Object.fromEntries(
      [...inputsOf(graph)].map(([name, input]) => [name, feedOf(name, input, hyper)]),
    );
    for (let round = 0; round < warmUps; round++) await program.run([feeds]);
    const times = await profileRounds(program.profile.bind(program), feeds, rounds);
    const operations = groupCalls(
      program.plan.operations,
      program.plan.operations.map((_, index) => medianOf(times.map((round) => round[index]))),
    );
    const milliseconds = operations.reduce((sum, operation) => sum + operation.milliseconds, 0);
    return { batchSize, engine: engine.name, threads: engine.threads, operations, milliseconds };
  } finally {
    await session.close();
  }
}

/** One operation of all calls that are of the same layer and compute the same in the same way. */
function groupCalls(
  calls: readonly PlannedOperation[],
  milliseconds: readonly number[],
): ProfiledOperation[] {
  const groups = new Map<string, ProfiledOperation>();
  for (const [index, { scope, computes, algorithm, kernel, flops }] of calls.entries()) {
    const key = JSON.stringify([scope, computes, algorithm]);
    const group = groups.get(key);
    const time = (group?.milliseconds ?? 0) + milliseconds[index];
    const work = (group?.flops ?? 0) + flops;
    groups.set(key, {
      ...{ scope, computes, algorithm },
      kernels: [...(group?.kernels ?? []), kernel],
      flops: work,
      milliseconds: time,
      gigaflops: time > 0 ? work / (1e6 * time) : 0,
    });
  }
  return [...groups.values()];
}

async function profileRounds(
  profile: (feeds: Feeds) => Promise<readonly { readonly milliseconds: number }[]>,
  feeds: Feeds,
  rounds: number,
): Promise<number[][]> {
  const times: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    times.push((await profile(feeds)).map(({ milliseconds }) => milliseconds));
  }
  return times;
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** Bytes of any value: an image that is black in part would let dense layers skip work. */
function randomImages({ shape }: TensorType): Tensor {
  const bytes = allocate("uint8", sizeOf(shape));
  const stream = new RandomStream(1);
  for (let index = 0; index < bytes.length; index++) bytes[index] = 1 + stream.integer(255);
  return new Tensor("uint8", shape, bytes);
}

/** What a step is fed: images one after the other, and a learning rate of 0 so that weights stay as they are. */
function feedOf(name: string, { shape, dtype }: TensorType, hyper: ArrayLike<number>): Tensor {
  const values = allocate(dtype, sizeOf(shape));
  if (name === "indices") for (let index = 0; index < values.length; index++) values[index] = index;
  if (name === "images")
    for (let index = 0; index < values.length; index++) values[index] = (index % 17) / 17;
  if (name === "hyper") values.set(Array.from(hyper));
  return new Tensor(dtype, shape, values);
}
