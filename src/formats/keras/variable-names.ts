/** What a layer's configuration says that decides which variables it has. */
export interface VariableOptions {
  readonly center?: unknown;
  readonly scale?: unknown;
}

type Names = (count: number, options: VariableOptions | null) => readonly string[] | null;

/** Kernel and bias, or the kernel alone. */
const kernelAndBias: Names = () => ["kernel", "bias"];

/**
 * Names of the variables of Keras's layers, in the order in which Keras 3 numbers them in its files: by the name of the
 * class as those files spell it. `null` where the number of variables leaves it open.
 */
const variableNames: { readonly [layerClass: string]: Names } = {
  dense: kernelAndBias,
  conv1d: kernelAndBias,
  conv2d: kernelAndBias,
  conv2d_transpose: kernelAndBias,
  depthwise_conv2d: kernelAndBias,
  separable_conv2d: () => ["depthwise_kernel", "pointwise_kernel", "bias"],
  batch_normalization: (count, options) => normalizationNames(count, options),
  layer_normalization: () => ["gamma", "beta"],
  normalization: () => ["mean", "variance", "count"],
  p_re_lu: () => ["alpha"],
};

/** Factor and offset may be missing; a file with three variables and no configuration does not say which one is. */
function normalizationNames(count: number, options: VariableOptions | null): readonly string[] | null {
  const statistics = ["moving_mean", "moving_variance"];
  if (options !== null) {
    const { center, scale } = options;
    return [...(scale === false ? [] : ["gamma"]), ...(center === false ? [] : ["beta"]), ...statistics];
  }
  if (count === 4) return ["gamma", "beta", ...statistics];
  return count === 2 ? statistics : null;
}

/**
 * Names of a layer's numbered variables: those of Keras where the class is known, else `vars/0`, `vars/1`.
 *
 * @param layerClass - as in file paths: `batch_normalization`
 * @param options - the layer's configuration; null when the file has none
 */
export function namesOfVariables(
  layerClass: string,
  count: number,
  options: VariableOptions | null,
): readonly string[] {
  const known = Object.hasOwn(variableNames, layerClass) ? variableNames[layerClass](count, options) : null;
  return Array.from({ length: count }, (_, index) => known?.[index] ?? `vars/${index}`);
}

/** A class's name as Keras's files spell it: `BatchNormalization` is `batch_normalization`, `PReLU` is `p_re_lu`. */
export function snakeCase(className: string): string {
  return className
    .replaceAll(/\W+/g, "")
    .replaceAll(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** Names of variables as Keras 1 wrote them, behind the layer's name: `block1_conv1_W_1`. */
const firstKerasNames: { readonly [name: string]: string } = {
  W: "kernel",
  b: "bias",
  gamma: "gamma",
  beta: "beta",
  running_mean: "moving_mean",
  running_std: "moving_variance",
};

/**
 * The name of a weight within its layer, from the name that Keras 1, 2 or 3 gave it in an `.h5` file: the number of the
 * output (`:0`), scopes around the layer and the layer's own name are taken off. Layers of a model that is a layer keep theirs: `conv/kernel`.
 *
 * @param layer - the name of the layer: `conv1`
 * @param weight - the name of the weight: `conv1/kernel:0`, `model/conv1/kernel`, `conv1_W_1:0`
 */
export function weightName(layer: string, weight: string): string {
  const path = `/${weight.replace(/:\d+$/, "")}`;
  const own = path.lastIndexOf(`/${layer}/`);
  const scopes = path.slice(own < 0 ? 1 : own + layer.length + 2).split("/");
  const variable = scopes.pop() ?? "";
  // Of Keras 2: a scope that was used before got a number, `dense_1` became `dense_1_1`.
  const inner = scopes.filter(
    (scope) => !(scope.startsWith(`${layer}_`) && /^_\d+$/.test(scope.slice(layer.length))),
  );
  return [...inner, ofFirstKeras(layer, variable)].join("/");
}

function ofFirstKeras(layer: string, variable: string): string {
  if (!variable.startsWith(`${layer}_`)) return variable;
  const name = variable.slice(layer.length + 1).replace(/_\d+$/, "");
  return Object.hasOwn(firstKerasNames, name) ? firstKerasNames[name] : variable;
}
