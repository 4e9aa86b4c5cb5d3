import type { Node } from "../graph/index.ts";
import { type Build, createBuild } from "../ops/index.ts";
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

/** What a model is usually fed: bytes where it takes images, numbers where it takes anything else. */
export function dataTypeOf({ architecture }: Pick<GraphContext, "architecture">): ResidentData["dtype"] {
  return inputShapeOf(architecture).length === 3 ? "uint8" : "float32";
}

/** Name of the variable with the examples of some resident data. */
export const imagesName = ({ name }: ResidentData) => `${name}/images`;
/** Name of the variable with the labels of some resident data. */
export const labelsName = ({ name }: ResidentData) => `${name}/labels`;

/** What a graph takes of one batch. Labels are loaded only where they are used. */
export interface Batch {
  /** Float32 [N, ...input shape], as the first layer takes it. */
  readonly images: Node;
  /** Int32 [N]. */
  readonly labels: Node;
  /** The step's random key, uint32 [2]. */
  readonly key: Node;
}

/**
 * A batch by the inputs `indices` int32 [N] and `key` uint32 [2].
 *
 * @param shift - by how many pixels images are moved at most
 */
export function loadBatch(
  context: GraphContext,
  data: ResidentData,
  batchSize: number,
  shift: number,
): Batch {
  const build = createBuild("data");
  const indices = build("input", [], { name: "indices", shape: [batchSize], dtype: "int32" });
  const key = build("input", [], { name: "key", shape: [2], dtype: "uint32" });
  const labels = build("variable", [], { name: labelsName(data), shape: [data.capacity], dtype: "int32" });
  return {
    images: loadExamples(context, data, build, { indices, key }, shift),
    labels: build("loadLabels", [labels, indices], {}),
    key,
  };
}

/** Bytes are preprocessed, and moved; numbers are taken as they are. */
function loadExamples(
  { architecture, preprocessing }: GraphContext,
  data: ResidentData,
  build: Build,
  { indices, key }: { readonly indices: Node; readonly key: Node },
  shift: number,
): Node {
  const { dtype } = data;
  const shape = [data.capacity, ...inputShapeOf(architecture)];
  const examples = build("variable", [], { name: imagesName(data), shape, dtype });
  if (dtype === "float32") return build("loadRows", [examples, indices], {});
  return preprocessed(preprocessing, build, (numbers) =>
    build("loadImages", [examples, indices, key], { ...numbers, shift }),
  );
}

/** A batch that is fed as the first layer takes it: the input `images`, float32 [N, ...input shape]. */
export function imagesInput({ architecture }: GraphContext, batchSize: number): Node {
  const shape = [batchSize, ...inputShapeOf(architecture)];
  return createBuild("data")("input", [], { name: "images", shape, dtype: "float32" });
}
