import type { Node, Size2d } from "../graph/index.ts";
import { type Build, createBuild, warpRecordLength } from "../ops/index.ts";
import { type Architecture, inputShapeOf } from "./architecture.ts";
import { preprocessed } from "./preprocess-graph.ts";
import type { Preprocessing } from "./preprocessing.ts";

/** What all graphs of a model are made from. */
export interface GraphContext {
  readonly architecture: Architecture;
  readonly preprocessing: Preprocessing;
}

/** Examples and labels that live in the engine: rows of variables, taken by index. */
export interface ResidentData {
  /** Beginning of the variables' names: `data/train`. */
  readonly name: string;
  /** Number of examples that the variables hold. */
  readonly capacity: number;
  /** Bytes of images, which are preprocessed, or numbers as the first layer takes them. */
  readonly dtype: "uint8" | "float32";
}

/**
 * Where a batch comes from: examples in the engine, or images of bytes that come with each step as the inputs `pixels` uint8
 * [N, H, W, C], `places` int32 [N], 0 to N - 1, and `labels` int32 [N].
 */
export type BatchSource = ResidentData | "fed";

/** What a model is usually fed: bytes where it takes images, numbers where it takes anything else. */
export function dataTypeOf({ architecture }: Pick<GraphContext, "architecture">): ResidentData["dtype"] {
  return inputShapeOf(architecture).length === 3 ? "uint8" : "float32";
}

/** Name of the variable with the examples of some resident data. */
export const imagesName = ({ name }: ResidentData) => `${name}/images`;
/** Name of the variable with the labels of some resident data. */
export const labelsName = ({ name }: ResidentData) => `${name}/labels`;

/** How the images of a batch are changed while they are loaded. */
export interface BatchChanges {
  /** By how many pixels they are moved at most, as the step's key says. */
  readonly shift: number;
  /** Whether each has a record for `warpImages`: the input `records` float32 [N, R]. */
  readonly warps: boolean;
  /** Whether they are blended with others of the batch: the inputs `partners` int32 [N] and `shares` float32 [N]. */
  readonly mixes: boolean;
  /** Whether their bytes are fed: the inputs `pixels` uint8 [N, H, W, C] and `places` int32 [N], 0 to N - 1. */
  readonly feedsPixels: boolean;
}

/** Images as they are. */
export const unchanged: BatchChanges = { shift: 0, warps: false, mixes: false, feedsPixels: false };

/** The other examples that a batch's are blended with. */
export interface BatchMix {
  /** Int32 [N]. */
  readonly labels: Node;
  /** How much of each example is its own: float32 [N]. */
  readonly shares: Node;
}

/** What a graph takes of one batch. Labels are loaded only where they are used. */
export interface Batch {
  /** Float32 [N, ...input shape], as the first layer takes it. */
  readonly images: Node;
  /** Int32 [N]. */
  readonly labels: Node;
  /** The step's random key, uint32 [2]. */
  readonly key: Node;
  /** `null` where examples are not blended. */
  readonly mix: BatchMix | null;
}

/** A batch by the inputs `indices` int32 [N] and `key` uint32 [2], and those that changes need. */
export function loadBatch(
  context: GraphContext,
  source: BatchSource,
  batchSize: number,
  changes: BatchChanges = unchanged,
): Batch {
  const build = createBuild("data");
  const indices = build("input", [], { name: "indices", shape: [batchSize], dtype: "int32" });
  const key = build("input", [], { name: "key", shape: [2], dtype: "uint32" });
  const labels = labelsOf(source, build, indices);
  const images = loadExamples(context, source, build, { indices, key }, changes);
  if (!changes.mixes) return { images, labels, key, mix: null };
  const partners = build("input", [], { name: "partners", shape: [batchSize], dtype: "int32" });
  const shares = build("input", [], { name: "shares", shape: [batchSize], dtype: "float32" });
  return {
    images: build("mixExamples", [images, partners, shares], {}),
    labels,
    key,
    mix: { labels: build("loadLabels", [labels, partners], {}), shares },
  };
}

/** Shapes: [N]. */
function labelsOf(source: BatchSource, build: Build, indices: Node): Node {
  if (source === "fed") return build("input", [], { name: "labels", shape: indices.shape, dtype: "int32" });
  const stored = { name: labelsName(source), shape: [source.capacity], dtype: "int32" } as const;
  return build("loadLabels", [build("variable", [], stored), indices], {});
}

/** Bytes are preprocessed, and changed; numbers are taken as they are. */
function loadExamples(
  { architecture, preprocessing }: GraphContext,
  source: BatchSource,
  build: Build,
  { indices, key }: { readonly indices: Node; readonly key: Node },
  { shift, warps, feedsPixels }: BatchChanges,
): Node {
  const [batchSize] = indices.shape;
  const shape = inputShapeOf(architecture);
  const stored = (data: ResidentData) =>
    build("variable", [], { name: imagesName(data), shape: [data.capacity, ...shape], dtype: data.dtype });
  if (source !== "fed" && source.dtype === "float32") return build("loadRows", [stored(source), indices], {});
  const [pixels, rows] =
    source === "fed" || feedsPixels
      ? [
          build("input", [], { name: "pixels", shape: [batchSize, ...shape], dtype: "uint8" }),
          build("input", [], { name: "places", shape: [batchSize], dtype: "int32" }),
        ]
      : [stored(source), indices];
  const load = (numbers: { readonly scale: number; readonly offset: number }): Node => {
    if (!warps) return build("loadImages", [pixels, rows, key], { ...numbers, shift });
    const records = build("input", [], {
      name: "records",
      shape: [batchSize, warpRecordLength],
      dtype: "float32",
    });
    const outputSize: Size2d = [shape[0], shape[1]];
    return build("warpImages", [pixels, rows, records], { ...numbers, outputSize, fill: 0 });
  };
  return preprocessed(preprocessing, build, load);
}

/** A batch that is fed as the first layer takes it: the input `images`, float32 [N, ...input shape]. */
export function imagesInput({ architecture }: GraphContext, batchSize: number): Node {
  const shape = [batchSize, ...inputShapeOf(architecture)];
  return createBuild("data")("input", [], { name: "images", shape, dtype: "float32" });
}
