import { clip } from "../../formats/format-errors.ts";
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxValueInfo } from "../../formats/index.ts";
import { FormatError, formatShape, nameHint, OptionError, type Shape, sizeOf } from "../../tensor/index.ts";
import type { ImageLayout } from "./metadata.ts";

/** Operator sets whose forms are known. */
const oldestOpset = 7;
export const newestOpset = 21;
/** Most outputs that an error lists. */
const mostNames = 20;
/** Most values of one example's input: 8 times a photograph of 4000 x 3000 pixels. */
const largestInput = 2 ** 28;

/** The graph of a file, with its operator set. */
export interface FileGraph {
  readonly graph: OnnxGraph;
  readonly opset: number;
}

/** @throws FormatError without a graph, or for an operator set that is too old or too new */
export function graphOf(model: OnnxModel, file: string): FileGraph {
  const { graph } = model;
  if (graph === undefined || graph.node.length === 0) {
    throw new FormatError("the file holds no network", { where: file, hint: "Export the model again." });
  }
  const entry = model.opsetImport.find(({ domain }) => isStandard(domain));
  const opset = Number(entry?.version ?? 0);
  if (opset >= oldestOpset && opset <= newestOpset) return { graph, opset };
  throw new FormatError(`operator set ${opset} is none of ${oldestOpset} to ${newestOpset}`, {
    where: file,
    hint:
      opset > newestOpset
        ? `Export the model with opset_version=${newestOpset} or lower.`
        : "Bring it up to date with onnx.version_converter.convert_version(model, 17).",
  });
}

/** The domain of ONNX's own ops. */
export function isStandard(domain: string): boolean {
  return domain === "" || domain === "ai.onnx";
}

/** The model's input: the only one that is no initializer (old files list those, too). */
export function inputOf({ input, initializer }: OnnxGraph, file: string): OnnxValueInfo {
  const weights = new Set(initializer.map(({ name }) => name));
  const [first, ...others] = input.filter(({ name }) => !weights.has(name));
  if (first !== undefined && others.length === 0) return first;
  const names =
    first === undefined ? "none" : [first, ...others].map(({ name }) => `"${clip(name)}"`).join(", ");
  throw new FormatError(`a model must have one input, this one has ${clip(names)}`, {
    where: file,
    hint: "Export it with all else as constants.",
  });
}

/** Names of the dimensions of a value, or their sizes; the batch first. */
type Dimension = number | string;

function dimensionsOf({ type }: OnnxValueInfo): readonly Dimension[] | null {
  const shape = type?.value.value?.shape;
  if (shape === undefined) return null;
  return shape.dim.map(({ value }) => {
    // Exporters write 0 or -1 for what they leave open.
    if (value.case === "dimValue" && value.value > 0n) return Number(value.value);
    return value.case === "dimParam" && value.value !== "" ? clip(value.value) : "?";
  });
}

/** FLOAT, FLOAT16, DOUBLE and BFLOAT16. */
const floatTypes: ReadonlySet<number> = new Set([1, 10, 11, 16]);

/**
 * Shape of an example and the order of its axes in ONNX. Images come as [channels, height, width], or as [height, width,
 * channels] from TensorFlow, whose exporters put a Transpose behind the input.
 *
 * @param known - the option `inputShape`, and the layout that the file itself names
 */
export function inputShapeOf(
  graph: OnnxGraph,
  info: OnnxValueInfo,
  { inputShape: given, layout }: { readonly inputShape: Shape | null; readonly layout: ImageLayout | null },
  file: string,
): { readonly shape: Shape; readonly channelsLast: boolean } {
  const where = `${file}, input "${clip(info.name)}"`;
  const elements = info.type?.value.value?.elemType ?? 1;
  if (!floatTypes.has(elements)) {
    throw new FormatError(`takes elements of type ${elements}, not floating-point numbers`, {
      where,
      hint: "Export the model with a FLOAT input.",
    });
  }
  const dimensions = dimensionsOf(info);
  const channelsLast =
    layout === null
      ? isChannelsLast(graph, info.name, dimensions)
      : layout === "nhwc" && dimensions?.length === 4;
  const [, ...example] = dimensions ?? [];
  // As layers have it.
  const own = example.length === 3 && !channelsLast ? [example[1], example[2], example[0]] : example;
  const shape = given ?? own;
  const isKnown = shape.every((size): size is number => typeof size === "number");
  if (!isKnown || shape.length === 0) {
    throw new FormatError(`leaves sizes open: [${clip((dimensions ?? ["?"]).join(", "))}]`, {
      where,
      hint: "Give inputShape: [height, width, channels], or [features] for rows.",
    });
  }
  const rankFits = own.length === 0 || shape.length === own.length;
  const fits = rankFits && (shape.length !== 3 || typeof own[2] !== "number" || own[2] === shape[2]);
  if (!fits) {
    throw new OptionError(
      `inputShape ${formatShape(shape)} does not fit [${clip((dimensions ?? []).join(", "))}]`,
      {
        where,
        hint: "Give [height, width, channels] with as many channels as the file has.",
      },
    );
  }
  if (sizeOf(shape) <= largestInput) return { shape, channelsLast };
  throw new FormatError(`${formatShape(shape)} has more values than ${largestInput}`, {
    where,
    hint: "Give inputShape.",
  });
}

/** Whether images have their channels last in the file: all that is done to them first is to move the channels. */
function isChannelsLast(graph: OnnxGraph, input: string, dimensions: readonly Dimension[] | null): boolean {
  if (dimensions?.length !== 4) return false;
  const consumers = graph.node.filter((node) => node.input.includes(input));
  const movesChannels = ({ opType, attribute }: OnnxNode) =>
    opType === "Transpose" &&
    attribute.some(({ name, ints }) => name === "perm" && ints.join() === "0,3,1,2");
  return consumers.length > 0 && consumers.every(movesChannels);
}

/**
 * Name of the output that becomes the model's: the one that is asked for, the only one, or the only one of two axes.
 *
 * @throws OptionError naming all of them when that is not one
 */
export function outputOf({ output }: OnnxGraph, asked: string | null, file: string): string {
  const names = output.map(({ name }) => name);
  if (asked !== null) {
    if (names.includes(asked)) return asked;
    throw new OptionError(`there is no output "${clip(asked)}"`, {
      where: file,
      hint: nameHint(
        asked,
        names.slice(0, mostNames).map((name) => clip(name, 50)),
      ),
    });
  }
  const rows = output.filter((info) => dimensionsOf(info)?.length === 2);
  const [single] = output.length === 1 ? output : rows;
  if (single !== undefined && (output.length === 1 || rows.length === 1)) return single.name;
  throw new OptionError(`the file has ${output.length} outputs`, {
    where: file,
    hint: `Choose one with the option output: ${clip(names.map((name) => `"${name}"`).join(", "))}.`,
  });
}
