import { clip } from "../../formats/format-errors.ts";
import { type Layer, type LayerKind, layerWhere } from "../../layers/index.ts";
import { type Architecture, modelParameters } from "../../models/index.ts";
import { FormatError, formatShape, type Shape, sizeOf, type Tensor } from "../../tensor/index.ts";
import type { KerasWeights } from "./build.ts";

/** Keras's names for a parameter, the first that is there counts. */
type Names = readonly string[];

/** Keras's names of the parameters of each kind of layer; all other parameters have none. */
const variables: { readonly [K in LayerKind]?: { readonly [parameter: string]: Names } } = {
  dense: { weight: ["kernel"], bias: ["bias"] },
  conv2d: { weight: ["kernel"], bias: ["bias"] },
  conv2dTranspose: { weight: ["kernel"], bias: ["bias"] },
  // Keras 2 and TensorFlow.js: depthwise_kernel; Keras 3: kernel.
  depthwiseConv2d: { weight: ["depthwise_kernel", "kernel"], bias: ["bias"] },
  separableConv2d: {
    depthwise_weight: ["depthwise_kernel"],
    pointwise_weight: ["pointwise_kernel"],
    bias: ["bias"],
  },
  batchNormalization: {
    weight: ["gamma"],
    bias: ["beta"],
    running_mean: ["moving_mean"],
    running_var: ["moving_variance"],
  },
  prelu: { weight: ["alpha"] },
};

/** Keras's names for a parameter of a layer of some kind; none when Keras has no such parameter. */
export function kerasNames(kind: LayerKind, parameter: string): Names {
  const names = variables[kind] ?? {};
  return Object.hasOwn(names, parameter) ? names[parameter] : [];
}

/** Finds weights of a file by layer and variable, and keeps account of those that were found. */
export class FoundWeights implements KerasWeights {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  /** Names by their last two parts: `conv1/kernel`. */
  readonly #byEnd = new Map<string, string[]>();
  readonly #used = new Set<string>();

  constructor(tensors: ReadonlyMap<string, Tensor>) {
    this.#tensors = tensors;
    for (const name of tensors.keys()) {
      const end = lastTwo(name);
      const known = this.#byEnd.get(end);
      if (known === undefined) this.#byEnd.set(end, [name]);
      else known.push(name);
    }
  }

  /**
   * The weight of a layer: under the names of the models around it, or those left away, which files do from the outside
   * in, or behind the name of a scope. It must be the only one that fits.
   */
  find(path: readonly string[], variable: string): Tensor | null {
    for (let start = 0; start < path.length; start++) {
      const name = [...path.slice(start), variable].join("/");
      const found = this.#tensors.has(name) ? name : this.#behindScope(name);
      if (found !== null) return this.#take(found);
    }
    return null;
  }

  /** Names that no layer asked for, but counters of `Normalization`, which are no weights. */
  get unused(): readonly string[] {
    return [...this.#tensors.keys()].filter((name) => !this.#used.has(name) && !name.endsWith("/count"));
  }

  #behindScope(name: string): string | null {
    const fitting = (this.#byEnd.get(lastTwo(name)) ?? []).filter((each) => each.endsWith(`/${name}`));
    return fitting.length === 1 ? fitting[0] : null;
  }

  #take(name: string): Tensor | null {
    this.#used.add(name);
    return this.#tensors.get(name) ?? null;
  }
}

/** `a/conv1/kernel` as `conv1/kernel`. */
function lastTwo(name: string): string {
  return name.slice(name.lastIndexOf("/", name.lastIndexOf("/") - 1) + 1);
}

/**
 * The weights of a model by our names.
 *
 * @param paths - where each layer is in the Keras model
 * @throws FormatError naming the layer when one is missing or has another shape
 */
export function modelWeights(
  architecture: Architecture,
  paths: ReadonlyMap<Layer, readonly string[]>,
  found: FoundWeights,
  file: string,
): ReadonlyMap<string, Tensor> {
  const weights = new Map<string, Tensor>();
  for (const { name, shape, layer: index } of modelParameters(architecture)) {
    const { name: layerName, layer } = architecture.layers[index];
    const path = paths.get(layer) ?? [];
    const parameter = name.slice(layerName.length + 1);
    const names = kerasNames(layer.kind, parameter);
    const where = `${file}, ${layerWhere(clip(path.join("/")), layer.kind)}`;
    const tensor = names.reduce<Tensor | null>((known, each) => known ?? found.find(path, each), null);
    if (tensor === null) {
      throw new FormatError(`the file has no ${names.join(" or ")} for it`, {
        where,
        hint: "Save the whole model, with its weights.",
      });
    }
    weights.set(name, shaped(tensor, shape, `${where}, ${names[0]}`));
  }
  return weights;
}

/**
 * As float32 and in our shape. Depthwise kernels, [H, W, C, M] in Keras and [H, W, 1, C M] here, lie in the same order; so
 * does whatever differs by axes of size 1.
 */
function shaped(tensor: Tensor, shape: Shape, where: string): Tensor {
  const floats = tensor.dtype === "float32" ? tensor : tensor.as("float32");
  const [height, width, channels, multiplier] = tensor.shape;
  const isDepthwise = tensor.shape.length === 4 && shape.length === 4 && shape[2] === 1;
  const fits =
    sizeOf(tensor.shape) === sizeOf(shape) &&
    (isDepthwise
      ? height === shape[0] && width === shape[1] && channels * multiplier === shape[3]
      : squeezed(tensor.shape) === squeezed(shape));
  if (fits) return floats.reshape(shape);
  throw new FormatError(
    `its shape is ${formatShape(tensor.shape)}, the configuration makes it ${formatShape(shape)}`,
    {
      where,
      hint: "Weights and configuration are of different models.",
    },
  );
}

function squeezed(shape: Shape): string {
  return shape.filter((size) => size !== 1).join();
}
