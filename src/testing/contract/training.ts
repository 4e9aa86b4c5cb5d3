import { describe, expect, test } from "vitest";
import { gradients } from "../../autodiff/index.ts";
import type { Engine, Feeds, Fetches, Session } from "../../engine/engine.ts";
import { createReferenceEngine } from "../../engine/reference/index.ts";
import type { Graph, Node } from "../../graph/index.ts";
import { type Build, createBuild, createUpdate } from "../../ops/index.ts";
import { RandomStream, type Shape, sizeOf, Tensor } from "../../tensor/index.ts";
import { type ContractOptions, type EngineOf, withSession } from "./options.ts";

const batch = 6;
const stored = 20;
const classes = 10;
const allRound = { top: 1, bottom: 1, left: 1, right: 1 };
const none = { top: 0, bottom: 0, left: 0, right: 0 };

/** The parameters and running averages that a net made, to be trained and updated. */
interface State {
  readonly parameters: Node<"variable">[];
  readonly averages: [variable: Node<"variable">, value: Node][];
}

function parameter(build: Build, state: State, name: string, shape: Shape): Node<"variable"> {
  const node = build("variable", [], { name, shape, dtype: "float32" });
  state.parameters.push(node);
  return node;
}

function convolution(state: State, name: string, x: Node, filters: number, kernel: number, groups = 1): Node {
  const build = createBuild(name);
  const filter = parameter(build, state, `${name}.weight`, [kernel, kernel, x.shape[3] / groups, filters]);
  const padding = kernel === 1 ? none : allRound;
  return build("conv2d", [x, filter], { strides: [1, 1], padding, dilations: [1, 1], groups });
}

function biased(state: State, name: string, x: Node): Node {
  const build = createBuild(name);
  return build("add", [x, parameter(build, state, `${name}.bias`, [x.shape.at(-1) ?? 1])], {});
}

function normalized(state: State, name: string, x: Node): Node {
  const build = createBuild(name);
  const channels = [x.shape.at(-1) ?? 1];
  const moments = build("batchMoments", [x], {});
  const average = build("variable", [], { name: `${name}.moments`, shape: moments.shape, dtype: "float32" });
  state.averages.push([average, moments]);
  const scale = parameter(build, state, `${name}.weight`, channels);
  const offset = parameter(build, state, `${name}.bias`, channels);
  return build("batchNormalize", [x, moments, scale, offset], { epsilon: 1e-3 });
}

/** Convolutions (3x3, depthwise, pointwise), batch norm, a residual, both pools, dropout, dense layers. */
function network(state: State, x: Node, key: Node): Node {
  const build = createBuild("net");
  const relu = (node: Node) => build("relu", [node], {});
  const pool = { poolSize: [2, 2], strides: [2, 2], padding: none, outputSize: [4, 4] } as const;
  const stem = relu(biased(state, "conv1", convolution(state, "conv1", x, 6, 3)));
  const small = build("maxPool2d", [stem], pool);
  const normal = relu(normalized(state, "bn1", convolution(state, "conv2", small, 6, 3)));
  const deep = biased(
    state,
    "conv4",
    convolution(state, "conv4", convolution(state, "conv3", normal, 6, 3, 6), 6, 1),
  );
  const residual = build("gelu", [build("add", [deep, small], {})], { approximate: false });
  const averaged = build("averagePool2d", [residual], { ...pool, outputSize: [2, 2], countPadding: false });
  const flat = build("reshape", [averaged], { shape: [batch, 24] });
  const kept = build("dropout", [flat, key], { rate: 0.25, stream: 1 });
  const weight = parameter(build, state, "fc.weight", [24, classes]);
  return biased(state, "fc", build("matmul", [kept, weight], { transposeA: false, transposeB: false }));
}

/** A whole training step: data by index, forward pass, loss, backward pass, Adam, running averages. */
function trainingStep(): Graph & { readonly state: State } {
  const build = createBuild("step");
  const input = (name: string, shape: Shape, dtype: "int32" | "uint32" | "float32") =>
    build("input", [], { name, shape, dtype });
  const [indices, key, hyper] = [
    input("indices", [batch], "int32"),
    input("key", [2], "uint32"),
    input("hyper", [3], "float32"),
  ];
  const images = build("variable", [], { name: "data/images", shape: [stored, 8, 8, 1], dtype: "uint8" });
  const labels = build("variable", [], { name: "data/labels", shape: [stored], dtype: "int32" });
  const state: State = { parameters: [], averages: [] };
  const x = build("loadImages", [images, indices, key], { scale: 1 / 255, offset: 0, shift: 1 });
  const y = build("loadLabels", [labels, indices], {});
  const logits = network(state, x, key);
  const losses = build("softmaxCrossEntropy", [logits, y], { labelSmoothing: 0.1 });
  const loss = build("affine", [build("reduceSum", [losses], { axes: [0], keepDimensions: true })], {
    factor: 1 / batch,
    offset: 0,
  });
  const hits = build("reduceSum", [build("topKHits", [logits, y], { k: 1 })], {
    axes: [0],
    keepDimensions: true,
  });
  const derived = gradients(loss, state.parameters);
  const attributes = { beta1: 0.9, beta2: 0.999, epsilon: 1e-3, weightDecay: 0.01 };
  const slot = (of: Node<"variable">, name: string) =>
    build("variable", [], {
      name: `optimizer/${name}/${of.attributes.name}`,
      shape: of.shape,
      dtype: "float32",
    });
  const updates = [
    ...state.parameters.map((variable, index) =>
      createUpdate("adam", attributes, {
        variable,
        value: derived[index],
        slots: [slot(variable, "m"), slot(variable, "v")],
        hyper,
      }),
    ),
    ...state.averages.map(([variable, value]) =>
      createUpdate("movingAverage", { momentum: 0.9 }, { variable, value }),
    ),
  ];
  return { outputs: { loss, hits, logits }, updates, state };
}

async function prepare(session: Session, { parameters }: State): Promise<void> {
  const random = new RandomStream(3);
  // Noise, and a bright row for each label.
  const pixels = Uint8Array.from({ length: stored * 64 }, (_, index) => {
    const label = Math.floor(index / 64) % classes;
    return random.integer(64) + (Math.floor((index % 64) / 8) === label % 8 ? 128 : 0);
  });
  await session.write("data/images", new Tensor("uint8", [stored, 8, 8, 1], pixels));
  await session.write(
    "data/labels",
    new Tensor(
      "int32",
      [stored],
      Int32Array.from({ length: stored }, (_, i) => i % classes),
    ),
  );
  for (const { shape, attributes } of parameters) {
    // The scale of batch norm starts near 1, everything else small.
    const center = attributes.name === "bn1.weight" ? 1 : 0;
    const values = Array.from({ length: sizeOf(shape) }, () => center + 0.3 * random.normal());
    await session.write(attributes.name, Tensor.from(values, shape));
  }
}

function feedsOf(step: number): Feeds {
  const indices = Int32Array.from({ length: batch }, (_, n) => (step * 7 + n * 3) % stored);
  const correction = (beta: number) => 1 / (1 - beta ** (step + 1));
  return {
    indices: new Tensor("int32", [batch], indices),
    key: new Tensor("uint32", [2], Uint32Array.of(12345, step)),
    hyper: Tensor.from([0.01, correction(0.9), correction(0.999)]),
  };
}

interface Outcome {
  readonly outputs: readonly Fetches[];
  readonly variables: ReadonlyMap<string, Tensor>;
}

/** Trains `steps` steps, `stepsPerRun` in a run, without waiting between runs. */
async function train(engine: Engine, steps: number, stepsPerRun: number): Promise<Outcome> {
  return withSession(engine, async (session) => {
    const { state, ...graph } = trainingStep();
    const program = await session.compile(graph, { maximumSteps: stepsPerRun });
    await prepare(session, state);
    const feeds = Array.from({ length: steps }, (_, step) => feedsOf(step));
    const runs = Array.from({ length: steps / stepsPerRun }, (_, run) =>
      program.run(feeds.slice(run * stepsPerRun, (run + 1) * stepsPerRun)),
    );
    const outputs = (await Promise.all(runs)).flat();
    return { outputs, variables: await session.readAll([...session.variables().keys()].sort()) };
  });
}

/** A small net that has most layers, trained by an engine and by the reference. */
export function trainingContract(engineOf: EngineOf, { tolerance }: ContractOptions): void {
  describe("training", () => {
    test("three steps give the reference's losses and weights", async () => {
      const expected = await train(createReferenceEngine(), 3, 1);
      const actual = await train(engineOf(), 3, 1);
      // Errors of single ops add up over the depth of the net and the steps.
      const close = { absolute: 100 * tolerance, relative: 100 * tolerance };
      expected.outputs.forEach((outputs, step) => {
        for (const [name, value] of Object.entries(outputs)) {
          expect(actual.outputs[step][name], `${name} of step ${step}`).toBeCloseToTensor(value, close);
        }
      });
      expect([...actual.variables.keys()]).toEqual([...expected.variables.keys()]);
      for (const [name, value] of expected.variables) {
        expect(actual.variables.get(name), name).toBeCloseToTensor(value, close);
      }
    });

    test("several steps in a run are, bit for bit, as many runs of one", async () => {
      const single = await train(engineOf(), 6, 1);
      const together = await train(engineOf(), 6, 3);
      expect(together.outputs).toEqual(single.outputs);
      expect(together.variables).toEqual(single.variables);
    });

    test("the loss falls", async () => {
      const { outputs } = await train(engineOf(), 40, 4);
      const losses = outputs.map(({ loss }) => loss.data[0]);
      expect(losses[39]).toBeLessThan(0.8 * losses[0]);
    });
  });
}
