import type { Layer, Model } from "fovea";

/** A layer as the page shows it. */
export interface LookLayer {
  readonly name: string;
  readonly kind: string;
  /** Shape of its output: `[height, width, channels]` or `[units]`. */
  readonly shape: readonly number[];
  /** Names of the layers whose outputs it takes. */
  readonly inputs: readonly string[];
  /** Its options in a line: "5 × 5, stride 1, same padding, relu". */
  readonly detail: string;
  /** Where it takes maps as a row of numbers: their shape, `[height, width, channels]`, so that its weights can be shown as maps. */
  readonly spread: readonly number[] | null;
}

/** What does nothing to a value when a net is used, and what is the image itself. */
const unseen = new Set(["input", "dropout", "spatialDropout2d", "gaussianNoise"]);

/** The layers that a net computes its output with, in their order; of one that is used several times, the last use. */
export function layersOf({ architecture }: Model): readonly LookLayer[] {
  const { calls, layers, output } = architecture;
  const needed = new Set([output]);
  for (let position = output; position >= 0; position--) {
    if (needed.has(position)) for (const source of calls[position].inputs) needed.add(source);
  }
  const lastUse = new Map([...needed].sort((a, b) => a - b).map((at) => [calls[at].layer, at]));
  /** The nearest call before that is shown; dropout is passed over. */
  const shown = (position: number): number => {
    const { layer, inputs } = calls[position];
    const passes = layers[layer].layer.kind !== "input" && unseen.has(layers[layer].layer.kind);
    return passes ? shown(inputs[0]) : position;
  };
  /** The shape of the maps that a call flattens. */
  const spreadOf = (position: number | undefined): readonly number[] | null => {
    if (position === undefined) return null;
    const { layer, inputs } = calls[shown(position)];
    const [source] = inputs;
    if (layers[layer].layer.kind !== "flatten" || source === undefined) return null;
    return calls[source].shape.length === 3 ? calls[source].shape : null;
  };
  return [...lastUse]
    .filter(([layer]) => !unseen.has(layers[layer].layer.kind))
    .map(([index, position]) => {
      const { name, layer } = layers[index];
      const { shape, inputs } = calls[position];
      return {
        name,
        kind: layer.kind,
        shape,
        inputs: inputs.map((input) => layers[calls[shown(input)].layer].name),
        detail: detailOf(layer),
        spread: spreadOf(inputs[0]),
      };
    });
}

/** Sides as people write them: `5 × 5`. */
function sides(value: unknown): string {
  const [height, width] = Array.isArray(value) ? value : [value, value];
  return `${height} × ${width}`;
}

/** What of a layer's options matters to who looks at it, in words. */
function detailOf({ options }: Layer): string {
  const all: Readonly<Record<string, unknown>> = { ...options };
  const { kernelSize, poolSize, strides, padding, dilationRate, activation, axis } = all;
  const parts: string[] = [];
  if (kernelSize !== undefined) parts.push(sides(kernelSize));
  if (poolSize !== undefined) parts.push(sides(poolSize));
  const stride = strides ?? (poolSize === undefined ? undefined : poolSize);
  if (stride !== undefined && stride !== null) {
    const [down, across] = Array.isArray(stride) ? stride : [stride, stride];
    parts.push(down === across ? `stride ${down}` : `stride ${sides(stride)}`);
  }
  if (typeof padding === "string" && kernelSize !== undefined) {
    parts.push(padding === "valid" ? "no padding" : `padding ${padding}`);
  }
  if (dilationRate !== undefined && sides(dilationRate) !== "1 × 1")
    parts.push(`dilation ${sides(dilationRate)}`);
  if (typeof activation === "string" && activation !== "linear") parts.push(activation);
  if (typeof axis === "number") parts.push(`axis ${axis}`);
  return parts.join(", ");
}
