import {
  functional,
  input,
  type Layer,
  layers,
  Model,
  models,
  type Shape,
  type SymbolicTensor,
  sequential,
} from "fovea";
import { messageOf } from "../../errors.ts";
import type { Block, BlockKind, BlockOptions } from "../../panels/train/blocks.ts";
import { modelOf } from "../models.ts";
import type { NetworkReport, NetworkRow, NetworkSpec, ZooEntryInfo } from "./types.ts";

/** A layer for each kind of block. */
const builders: { readonly [K in BlockKind]: (options: BlockOptions[K]) => Layer } = {
  convolution: (options) => layers.conv2d(options),
  pooling: ({ of, size, strides }) =>
    of === "max"
      ? layers.maxPool2d({ poolSize: size, strides })
      : layers.averagePool2d({ poolSize: size, strides }),
  blurPooling: (options) => layers.blurPool2d(options),
  batchNormalization: (options) => layers.batchNormalization(options),
  activation: (options) => layers.activation({ activation: options.function }),
  dropout: (options) => layers.dropout(options),
  flatten: () => layers.flatten(),
  globalPooling: ({ of }) => (of === "max" ? layers.globalMaxPool2d() : layers.globalAveragePool2d()),
  dense: (options) => layers.dense(options),
};

function layerOf<K extends BlockKind>({
  kind,
  options,
}: {
  readonly kind: K;
  readonly options: BlockOptions[K];
}) {
  return builders[kind](options);
}

const text = (shape: Shape) => shape.join(" × ");

/** Blocks that work on maps. */
const mapBlocks: readonly string[] = ["convolution", "pooling", "blurPooling", "globalPooling"];

/** What a block cannot take, told before the layer is asked: the mend is another block. */
function misfit(kind: BlockKind | "classifier", shape: Shape): string | null {
  const isList = shape.length === 1;
  if (!isList && (kind === "dense" || kind === "classifier")) {
    return `It takes a list of numbers, and gets a map of ${text(shape)}. Put Flatten or Global pooling before it.`;
  }
  if (isList && mapBlocks.includes(kind)) {
    return `It takes a map of height × width × channels, and gets a list of ${shape[0]} numbers. Move it before what makes the list (Flatten, Global pooling).`;
  }
  return null;
}

/** A network of blocks, layer by layer: shapes and parameters up to the first block that does not fit. */
function describeBlocks(blocks: readonly Block[], inputShape: Shape, classes: number): NetworkReport {
  let x: SymbolicTensor = input({ shape: inputShape });
  let stopped = false;
  const rows: NetworkRow[] = [];
  const entries: readonly (readonly [BlockKind | "classifier", () => Layer])[] = [
    ...blocks.map((block) => [block.kind, () => layerOf(block)] as const),
    ["classifier", () => layers.dense({ units: classes })],
  ];
  const built: SymbolicTensor[] = [];
  for (const [kind, build] of entries) {
    const row = { name: kind, kind, shape: null, parameters: 0, problem: null };
    if (!stopped) {
      try {
        const problem = misfit(kind, x.shape);
        if (problem !== null) throw new Error(problem);
        x = build().apply(x);
        built.push(x);
        rows.push({ ...row, shape: x.shape });
        continue;
      } catch (error) {
        stopped = true;
        rows.push({ ...row, problem: messageOf(error) });
        continue;
      }
    }
    rows.push(row);
  }
  if (built.length === 0) return { rows, parameters: 0, flops: 0, problem: problemOf(rows) };
  // The first layer of a summary is the input.
  const summary = functional({ inputs: inputOf(x), outputs: x }).summary();
  const own = summary.layers.slice(1);
  return {
    rows: rows.map((row, index) => ({
      ...row,
      name: own[index]?.name ?? row.name,
      parameters: own[index]?.parameters ?? 0,
    })),
    parameters: summary.parameters,
    flops: summary.flops,
    problem: problemOf(rows),
  };
}

function problemOf(rows: readonly NetworkRow[]): string | null {
  return rows.find(({ problem }) => problem !== null)?.problem ?? null;
}

function inputOf(x: SymbolicTensor): SymbolicTensor {
  const [before] = x.inputs;
  return before === undefined ? x : inputOf(before);
}

function describeModel(model: Model): NetworkReport {
  const { layers: all, parameters, flops } = model.summary();
  const rows = all
    .filter(({ kind, auxiliary }) => kind !== "input" && !auxiliary)
    .map(({ name, kind, outputShape, parameters: own }) => ({
      ...{ name, kind, shape: outputShape, parameters: own, problem: null },
    }));
  return { rows, parameters, flops, problem: null };
}

/** What a network would be for images of a shape: every layer with its output's shape, and what does not fit. */
export function describeNetwork(spec: NetworkSpec, inputShape: Shape, classes: number): NetworkReport {
  if (spec.source === "blocks") return describeBlocks(spec.blocks, inputShape, classes);
  try {
    const model = networkModel(spec, inputShape, classes);
    const report = describeModel(model);
    return { ...report, problem: unsuited(model, inputShape, classes) };
  } catch (error) {
    return {
      rows: [],
      parameters: 0,
      flops: 0,
      problem: messageOf(error),
    };
  }
}

/** Why a model cannot be trained on images of this shape and so many classes. */
function unsuited({ inputShape, outputShape }: Model, images: Shape, classes: number): string | null {
  if (inputShape.join() !== images.join()) {
    return `It takes images of ${text(inputShape)}, the data have ${text(images)}. Choose other data, or another network.`;
  }
  if (outputShape.length !== 1 || outputShape[0] !== classes) {
    return `It has ${text(outputShape)} outputs, the data have ${classes} classes. Choose other data, or another network.`;
  }
  return null;
}

/** A network with fresh weights; of a model of the lab, a copy with the weights of this moment. */
export function networkModel(spec: NetworkSpec, inputShape: Shape, classes: number): Model {
  switch (spec.source) {
    case "zoo":
      return models.create(spec.name, { inputShape, classes });
    case "model":
      return new Model(modelOf(spec.id).parts());
    case "blocks":
      return sequential(
        [
          layers.input({ shape: inputShape }),
          ...spec.blocks.map((block) => layerOf(block)),
          layers.dense({ units: classes }),
        ],
        { name: "network" },
      );
  }
}

const fitting = new Map<string, readonly ZooEntryInfo[]>();

/** Nets of the zoo that take images of this shape. */
export function zooFor(inputShape: Shape, classes: number): readonly ZooEntryInfo[] {
  const key = `${inputShape.join()}/${classes}`;
  const known = fitting.get(key);
  if (known !== undefined) return known;
  const entries = models.names.flatMap((name): ZooEntryInfo[] => {
    try {
      const { parameters } = models.create(name, { inputShape, classes }).summary();
      return [{ name, description: models.zoo[name].description, parameters }];
    } catch {
      // It is made for larger images, or for others; the list is of those that fit.
      return [];
    }
  });
  fitting.set(key, entries);
  return entries;
}
