/**
 * Models as ONNX files (https://github.com/onnx/onnx/blob/main/docs/Operators.md), as runtimes and other tools expect
 * them: images with their channels first, and parameters under the names that they have here.
 */
import { encodeOnnxModel, type OnnxWeight, writeOnnxValueInfo } from "../../formats/index.ts";
import { dataType } from "../../formats/onnx/schema.ts";
import type { Layer, LayerKind } from "../../layers/index.ts";
import { inferenceCalls } from "../../models/architecture.ts";
import { type Model, modelParameters } from "../../models/index.ts";
import { callNamed } from "../../models/taps.ts";
import { checkOptions, type Fields, field, isWholeNumber, nameField } from "../../options/index.ts";
import { OptionError, type Tensor } from "../../tensor/index.ts";
import type { ExportedValue } from "./export/exported-value.ts";
import { affine } from "./export/layers/arithmetic.ts";
import type { Exporter } from "./export/layers/exporter.ts";
import { exporters } from "./export/layers/table.ts";
import { asImage, asPlain, axisOf, imageValue, ownShape, plainValue } from "./export/values.ts";
import { GraphWriter, LayerWriter, type WrittenParameter } from "./export/writer.ts";
import { newestOpset } from "./graph.ts";
import { type ImageLayout, writeMetadata } from "./metadata.ts";

/** Options of `exportOnnx`. */
export interface ExportOnnxOptions {
  /** Version of the operator set, 13 to 21; default 17. */
  readonly opset?: number;
  /** Size of the batch: `"dynamic"`, the default, leaves it to the caller of the runtime. */
  readonly batch?: "dynamic" | number;
  /** Axes of images that go in and come out: `"nchw"` (default), or `"nhwc"` as in Fovea. */
  readonly layout?: ImageLayout;
  /** Taps or layers whose values are outputs too, under these names. Default none. */
  readonly taps?: readonly string[];
  /**
   * Whether the graph takes images of 0 to 255, as bytes or as floating-point numbers, and brings them to what the first
   * layer takes. Default `false`: the input is what the first layer takes, and how images become that is metadata.
   */
  readonly includePreprocessing?: false | "uint8" | "float32";
}

/** Softmax along one axis, and bounds and axes as inputs, as they are written here. */
const oldestWritten = 13;

const fields: Fields<ExportOnnxOptions> = {
  opset: field(
    `a whole number from ${oldestWritten} to ${newestOpset}`,
    (value): value is number => isWholeNumber(value, oldestWritten, newestOpset),
    17,
  ),
  batch: field(
    '"dynamic" or a whole number of at least 1',
    (value): value is "dynamic" | number => value === "dynamic" || isWholeNumber(value, 1),
    "dynamic",
  ),
  layout: nameField(["nchw", "nhwc"], "nchw"),
  taps: field(
    "a list of names of taps or layers",
    (value): value is readonly string[] =>
      Array.isArray(value) && value.every((name) => typeof name === "string"),
    [],
  ),
  includePreprocessing: field(
    'false, "uint8" or "float32"',
    (value): value is false | "uint8" | "float32" =>
      value === false || value === "uint8" || value === "float32",
    false,
  ),
};

/** The versions of the file format that came with the operator sets; older runtimes refuse later ones. */
const irVersions: { readonly [opset: number]: bigint } = {
  ...{ 13: 7n, 14: 7n, 15: 8n, 16: 8n, 17: 8n, 18: 8n, 19: 9n, 20: 9n, 21: 10n },
};

/** Preprocessing that changes nothing. */
const identity = { scale: 1, offset: 0, channelOrder: "rgb" } as const;

/** Names outside. */
const inputName = "input";
const outputName = "output";

/**
 * Writes a model as an ONNX file, in inference form: batch normalization with its running statistics, and without
 * auxiliary heads. `importOnnx` reads it back, and `loadWeights` finds the parameters in it under their names.
 *
 * The input is `input`, [batch, channels, height, width] for images and [batch, features] for rows; the output is
 * `output`, logits for models that end in logits. What becomes of each kind of layer is in docs/formats.md. Preprocessing
 * and names of classes are kept in `metadata_props`.
 *
 * @throws OptionError for an unknown tap or a wrong option, FormatError when the file would be larger than 2 GB
 */
export async function exportOnnx(
  model: Model,
  options: ExportOnnxOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { opset, batch, layout, taps, includePreprocessing } = checkOptions("exportOnnx", options, fields);
  const { architecture, preprocessing, classNames } = model;
  const graph = new GraphWriter(opset);
  const size = batch === "dynamic" ? "batch" : batch;
  for (const name of [inputName, outputName, ...checkTapNames(taps)]) graph.claim(name);
  const { inputShape } = model;
  const isImage = inputShape.length === 3 && layout === "nchw";
  const entry = (isImage ? imageValue : plainValue)(inputName, inputShape);
  const first =
    includePreprocessing === false ? entry : preprocessed(graph, entry, model, includePreprocessing);
  const values = writeCalls(model, graph, first);
  const named = new Map<string, string>();
  const outputs = [
    { name: outputName, call: architecture.output },
    ...taps.map((name) => ({ name, call: callNamed(architecture, name) })),
  ].flatMap(({ name, call }) => {
    const value = values.get(call);
    if (value === undefined) throw notInGraph(model, name);
    const { name: inside, shape } = asOutput(graph, name, value, layout, named);
    named.set(inside, name);
    return writeOnnxValueInfo(name, [size, ...shape]);
  });
  const elements = includePreprocessing === "uint8" ? dataType.UINT8 : dataType.FLOAT;
  return await encodeOnnxModel(
    {
      irVersion: irVersions[opset],
      producerName: "fovea",
      opsetImport: [{ domain: "", version: BigInt(opset) }],
      metadataProps: writeMetadata({
        // Images of 0 to 255 are left as they are where the graph does the rest.
        preprocessing: includePreprocessing === false ? preprocessing : { ...preprocessing, ...identity },
        classNames,
        layout,
      }),
      graph: {
        name: model.name,
        node: graph.nodes(named),
        input: [writeOnnxValueInfo(inputName, [size, ...entry.shape], elements)],
        output: outputs,
      },
    },
    weightsOf(graph.parameters, await model.getWeights()),
  );
}

/** Writes all layers that the output needs. @returns the values of their calls, by the calls' indices */
function writeCalls(
  { architecture }: Model,
  graph: GraphWriter,
  first: ExportedValue,
): Map<number, ExportedValue> {
  const { layers, calls, input } = architecture;
  const shapes = layers.map(() => new Map<string, readonly number[]>());
  for (const { name, layer, shape } of modelParameters(architecture)) {
    shapes[layer].set(name.slice(layers[layer].name.length + 1), shape);
  }
  const values = new Map([[input, first]]);
  for (const position of [...inferenceCalls(architecture)].sort((a, b) => a - b)) {
    if (position === input) continue;
    const call = calls[position];
    const { name, layer } = layers[call.layer];
    const inputs = call.inputs.flatMap((source) => values.get(source) ?? []);
    const writer = new LayerWriter(graph, name, call.shape, shapes[call.layer]);
    values.set(position, writeLayer(layer, writer, inputs));
  }
  return values;
}

function writeLayer<K extends LayerKind>(
  { kind, options }: Layer<K>,
  writer: LayerWriter,
  inputs: readonly ExportedValue[],
): ExportedValue {
  const exporter: Exporter<K> = exporters[kind];
  return exporter(writer, options, inputs);
}

function checkTapNames(taps: readonly string[]): readonly string[] {
  const taken = [inputName, outputName, ...taps];
  const twice = taken.find((name, index) => taken.indexOf(name) !== index);
  if (twice === undefined) return taps;
  throw new OptionError(`two values would have the name "${twice}"`, {
    where: "exportOnnx",
    hint: `Name each tap once, and none of them "${inputName}" or "${outputName}".`,
  });
}

/** A layer of an auxiliary head has no value in the file. */
function notInGraph(model: Model, name: string): OptionError {
  return new OptionError(`"${name}" is not on the way from the input to the output`, {
    where: `exportOnnx, model "${model.name}"`,
    hint: "Auxiliary heads are left out: tap a layer that the output is computed from.",
  });
}

/** What the first layer takes, of images of 0 to 255. */
function preprocessed(
  graph: GraphWriter,
  entry: ExportedValue,
  { preprocessing, inputShape }: Model,
  elements: "uint8" | "float32",
): ExportedValue {
  const writer = new LayerWriter(graph, "preprocessing", inputShape, new Map());
  const cast = elements === "uint8" ? writer.node("Cast", [entry.name], { to: dataType.FLOAT }) : entry.name;
  const images = { ...entry, name: cast };
  const { scale, offset, channelOrder } = preprocessing;
  if (channelOrder === "rgb") return affine(writer, images, scale, offset);
  const axis = axisOf(images, inputShape.length - 1);
  const name = writer.node("Gather", [images.name, writer.integers([2, 1, 0])], { axis });
  return affine(writer, { ...images, name }, scale, offset);
}

/** A value as it is seen from outside, under a name that no other output has. */
function asOutput(
  graph: GraphWriter,
  name: string,
  value: ExportedValue,
  layout: ImageLayout,
  taken: ReadonlyMap<string, string>,
): ExportedValue {
  const writer = new LayerWriter(graph, name, ownShape(value), new Map());
  const isImage = value.shape.length === 3 && layout === "nchw";
  const arranged = isImage ? asImage(writer, value) : asPlain(writer, value);
  if (arranged.name !== inputName && !taken.has(arranged.name)) return arranged;
  return { ...arranged, name: writer.node("Identity", [arranged.name]) };
}

/** Weights in their turn: of the copies of the model's that were taken each is dropped when it was last needed. */
function weightsOf(parameters: readonly WrittenParameter[], values: Map<string, Tensor>): OnnxWeight[] {
  return parameters.map(({ name, shape, parameter, convert }, index) => ({
    name,
    shape,
    make: () => {
      const value = values.get(parameter)?.as("float32");
      // Layers name their own parameters alone.
      if (value === undefined) throw new Error(`${parameter} has no value`);
      const isLast = !parameters.some((other, at) => at > index && other.parameter === parameter);
      if (isLast) values.delete(parameter);
      return convert(value.data);
    },
  }));
}
