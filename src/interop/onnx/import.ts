/**
 * ONNX files (https://github.com/onnx/onnx/blob/main/docs/Operators.md) as models that run, train and are saved like any
 * other. Each node becomes a layer of ours with its weights; what depends on shapes alone is worked out.
 */
import { decodeOnnxModel, type ExternalFiles, rememberFiles } from "../../formats/index.ts";
import { checkSibling } from "../../formats/siblings.ts";
import type { Layer } from "../../layers/index.ts";
import { functional, input, Model, modelParameters, type PreprocessingOptions } from "../../models/index.ts";
import { checkOptions, type Fields, field, nullable, shapeField, withFallback } from "../../options/index.ts";
import {
  FormatError,
  FoveaError,
  formatShape,
  type Shape,
  sameShape,
  type Tensor,
} from "../../tensor/index.ts";
import { graphOf, inputOf, inputShapeOf, outputOf } from "./graph.ts";
import { readMetadata } from "./metadata.ts";
import { legalName } from "./names.ts";
import { Translator } from "./translator.ts";
import { type Activation, imageOrder, range } from "./values.ts";

/** Options of `importOnnx`. */
export interface ImportOnnxOptions {
  /** The file's name, for errors; without its ending it is the model's name. Default `"model.onnx"`. */
  readonly name?: string;
  /**
   * Shape of an example as our models have it, [height, width, channels], where the file leaves it open, or to take
   * images of another size. Default `null`: the file's.
   */
  readonly inputShape?: Shape | null;
  /** Name of the output that becomes the model's. Default `null`: the only one, or the only one of two axes. */
  readonly output?: string | null;
  /**
   * What happens to the bytes of images. Default: what `exportOnnx` wrote into the file, or `{ scale: 1 / 255, offset: 0 }`:
   * files of others do not say it.
   */
  readonly preprocessing?: PreprocessingOptions;
  /** Names of the classes; default those that `exportOnnx` wrote into the file, or those of the first training data. */
  readonly classNames?: readonly string[] | null;
  /**
   * Reads a file beside the model: exports may keep their weights in one. It is asked for plain relative names only.
   * `null`, the default, refuses them.
   */
  readonly sibling?: ExternalFiles | null;
}

type OwnOptions = Pick<ImportOnnxOptions, "name" | "inputShape" | "output" | "sibling">;

const textField = field("a text", (value): value is string => typeof value === "string");

const fields: Fields<OwnOptions> = {
  name: withFallback(textField, "model.onnx"),
  inputShape: nullable(shapeField),
  output: nullable(textField),
  sibling: nullable(
    field("a function that reads a file", (value): value is ExternalFiles => typeof value === "function"),
  ),
};

/**
 * Reads an ONNX file as a model: operator sets 7 to 21, the ops of image classifiers (docs/formats.md lists them).
 *
 * Images come in as [batch, height, width, channels], as everywhere in Fovea, not as [batch, channels, height, width];
 * so does a result that is an image. Layers and parameters are named as in the file: `layer1.0.conv1.weight` in exports
 * of PyTorch. The batch may be open or fixed in the file; the model takes any. Batch normalization and dropout stay what
 * they are, so that the model can be trained on.
 *
 * @param bytes - the whole file
 * @throws FormatError when the file is damaged or has what no layer can do, naming node and op; OptionError when there
 *   are several outputs, or a size is open, and no option chooses
 */
export async function importOnnx(bytes: Uint8Array, options: ImportOnnxOptions = {}): Promise<Model> {
  const { preprocessing, classNames, ...rest } = options;
  const { name: file, inputShape, output, sibling } = checkOptions<OwnOptions>("importOnnx", rest, fields);
  const model = await decodeOnnxModel(bytes, { name: file });
  const { graph, opset } = graphOf(model, file);
  const info = inputOf(graph, file);
  const metadata = readMetadata(model, file);
  const { shape, channelsLast } = inputShapeOf(graph, info, { inputShape, layout: metadata.layout }, file);
  const image = input({ shape, name: legalName(info.name) });
  const first = inputValue(image, channelsLast);
  const external =
    sibling === null ? null : rememberFiles(async (name) => await sibling(checkSibling(name, file)));
  const translator = new Translator(graph, opset, file, external);
  const wanted = outputOf(graph, output, file);
  const result = await translator.run(info.name, first, wanted);
  const modelOptions = {
    name: modelName(file),
    preprocessing: preprocessing ?? metadata.preprocessing ?? {},
    classNames: classNames ?? metadata.classNames,
  };
  const untrained = refusing(file, () => functional({ inputs: image, outputs: result }, modelOptions));
  const { architecture } = untrained;
  return new Model({
    architecture,
    preprocessing: untrained.preprocessing,
    classNames: untrained.classNames,
    weights: weightsOf(untrained, translator.builder.weights, file),
  });
}

/** What goes wrong with a file is a FormatError, whichever part of the library notices it. */
function refusing<T>(file: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof FoveaError) || error instanceof FormatError) throw error;
    throw new FormatError(error.what, { where: file, cause: error, ...(error.hint && { hint: error.hint }) });
  }
}

/** The model's input, [H, W, C], as ONNX sees it. */
function inputValue(tensor: Activation["tensor"], channelsLast: boolean): Activation {
  const { shape } = tensor;
  const order = shape.length === 3 && !channelsLast ? [...imageOrder] : range(shape.length);
  const own = range(shape.length).map((axis) => shape[order.indexOf(axis)]);
  return { kind: "activation", tensor, shape: own, order, mixed: null };
}

function modelName(file: string): string {
  const base = file.split(/[\\/]/).at(-1) ?? "";
  return legalName(base.replace(/\.onnx$/i, ""));
}

function weightsOf(
  { architecture }: Model,
  known: ReadonlyMap<Layer, Readonly<Record<string, Tensor>>>,
  file: string,
): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  for (const { name, layer: index, shape } of modelParameters(architecture)) {
    const { name: layerName, layer } = architecture.layers[index];
    const value = known.get(layer)?.[name.slice(layerName.length + 1)];
    // Rules give every parameter of the layers that they make.
    if (value === undefined) throw new Error(`${name} was not imported`);
    if (!sameShape(value.shape, shape)) {
      throw new FormatError(
        `the layer needs ${formatShape(shape)}, the file has ${formatShape(value.shape)}`,
        {
          where: `${file}, weights "${name}"`,
          hint: "The file is damaged, or inputShape has other channels than it was made for.",
        },
      );
    }
    weights.set(name, value);
  }
  return weights;
}
