import type { Engine } from "../engine/engine.ts";
import type { LayerKind } from "../layers/index.ts";
import { type Architecture, callNamed, inferenceCalls, Model } from "../models/index.ts";
import { checkOptions, field, nullable, wholeNumberField } from "../options/index.ts";
import { nameHint, OptionError, type Shape, sizeOf, Tensor } from "../tensor/index.ts";
import { engineField } from "./engine-field.ts";

/** Which layers, and how. */
export interface FeatureMapsOptions {
  /** Names of layers or taps, in the order in which they are wanted; default `null`: all layers that inference runs, in theirs. */
  readonly layers?: readonly string[] | null;
  /** Images at a time; default as many as 64 MB of values allow. */
  readonly batchSize?: number | null;
  /** What computes; default the model's. */
  readonly engine?: Engine | null;
}

/** How far apart two images are at a layer. */
export interface MapDistance {
  /** Index of one image. */
  readonly a: number;
  /** Index of the other, greater than `a`. */
  readonly b: number;
  /** |x - y| / sqrt(|x|^2 + |y|^2): 0 of equal values, 1 of values at right angles, at most sqrt(2). 0 where both are 0. */
  readonly euclidean: number;
  /** 1 - x y / (|x| |y|): 0 of values in the same direction, 1 of values at right angles, 2 of opposite ones. 0 where both are 0, 1 where one is. */
  readonly cosine: number;
}

/** What a layer makes of images. */
export interface LayerMaps {
  /** As asked for; of all layers, the layer's. */
  readonly name: string;
  /** Index of the call of the architecture, which names it beyond doubt: a tap may have the name of a layer. */
  readonly call: number;
  readonly kind: LayerKind;
  /** Of one image's output: `[H, W, C]`, `[units]`. */
  readonly shape: Shape;
  /** Shapes: `[N, ...shape]`. */
  readonly values: Tensor<"float32">;
  /** Kernels of a convolution, `[height, width, channels seen, filters]`; `null` of other layers. */
  readonly filters: Tensor<"float32"> | null;
  /** Between each two images, in the order 0 and 1, 0 and 2, 1 and 2, ...; none of a single image. */
  readonly distances: readonly MapDistance[];
}

/** What all layers make of images. */
export interface FeatureMaps {
  /** Number of images. */
  readonly images: number;
  readonly layers: readonly LayerMaps[];
}

const fields = {
  layers: nullable(
    field("a list of names", (value): value is readonly string[] => {
      return Array.isArray(value) && value.every((name) => typeof name === "string");
    }),
  ),
  batchSize: nullable(wholeNumberField(1)),
  engine: nullable(engineField),
};

/** Numbers that come back from the engine at a time. */
const mostValues = 2 ** 24;

/** Layers whose weights are images: what they look for. */
const kernelNames: { readonly [K in LayerKind]?: string } = {
  conv2d: "weight",
  depthwiseConv2d: "weight",
  separableConv2d: "depthwise_weight",
};

/**
 * Looks at what layers make of images: their outputs in inference mode, the filters of convolutions, and how far each two images
 * are apart. All layers are computed in one program, which stays with the model: asking again costs a prediction. A layer that is
 * used several times is shown at its last use.
 *
 * Shapes: uint8 (preprocessed here) or float32 (taken as it is) `[N, ...input shape]`.
 *
 * @throws OptionError for a name that is neither a tap's nor a layer's, and one that belongs to an auxiliary head
 * @throws ShapeError for images that do not suit the model
 */
export async function featureMaps(
  model: Model,
  images: Tensor<"uint8" | "float32">,
  options: FeatureMapsOptions = {},
): Promise<FeatureMaps> {
  const { layers, batchSize, engine } = checkOptions<Required<FeatureMapsOptions>>(
    "featureMaps",
    options,
    fields,
  );
  const { architecture } = model;
  const inInference = inferenceCalls(architecture);
  const asked =
    layers === null
      ? lastUses(architecture, inInference)
      : layers.map((name) => ({ name, call: namedCall(architecture, name, inInference) }));
  const calls = asked.map(({ call }) => call);
  const size = calls.reduce((sum, call) => sum + sizeOf(architecture.calls[call].shape), 0);
  const runner = engine === null ? model : new Model({ ...model.parts(), engine });
  const values = await runner.activations(images, {
    layers: calls,
    batchSize: batchSize ?? Math.max(1, Math.min(images.shape[0] ?? 1, Math.floor(mostValues / size))),
  });
  const filters = await filtersOf(model, calls);
  return {
    images: images.shape[0],
    layers: asked.map(({ name, call }) => {
      const { shape, layer } = architecture.calls[call];
      const own = values.get(call);
      if (own === undefined) throw new Error(`no values of ${name}`);
      return {
        name,
        call,
        kind: architecture.layers[layer].layer.kind,
        shape,
        values: own,
        filters: filters.get(layer) ?? null,
        distances: distancesOf(own),
      };
    }),
  };
}

/** The layers that inference runs at their last uses, in the order of these. */
function lastUses({ calls, layers }: Architecture, inInference: ReadonlySet<number>) {
  const last = new Map<number, number>();
  for (const call of inInference) {
    const { layer } = calls[call];
    last.set(layer, Math.max(last.get(layer) ?? 0, call));
  }
  return [...last]
    .map(([layer, call]) => ({ name: layers[layer].name, call }))
    .sort((a, b) => a.call - b.call);
}

/** @throws OptionError for an unknown name, and one that inference does without */
function namedCall(architecture: Architecture, name: string, inInference: ReadonlySet<number>): number {
  const call = callNamed(architecture, name);
  if (inInference.has(call)) return call;
  throw new OptionError(`"${name}" belongs to an auxiliary head, which has no part in the output`, {
    where: `featureMaps, model "${architecture.name}"`,
    hint: nameHint(
      name,
      lastUses(architecture, inInference).map((layer) => layer.name),
    ),
  });
}

/** Kernels of convolutions by layer. */
async function filtersOf(model: Model, calls: readonly number[]): Promise<Map<number, Tensor<"float32">>> {
  const { architecture } = model;
  const wanted = new Map<string, number>();
  for (const call of calls) {
    const { layer } = architecture.calls[call];
    const { name, layer: description } = architecture.layers[layer];
    const kernel = kernelNames[description.kind];
    if (kernel !== undefined) wanted.set(`${name}.${kernel}`, layer);
  }
  const weights = await model.getWeights([...wanted.keys()]);
  return new Map(
    [...weights].flatMap(([name, { shape, data }]) => {
      const layer = wanted.get(name);
      if (layer === undefined || !(data instanceof Float32Array)) return [];
      return [[layer, new Tensor("float32", shape, data)] as const];
    }),
  );
}

/** Between each two rows of `[N, ...]`. */
function distancesOf({ shape: [count, ...rest], data }: Tensor<"float32">): MapDistance[] {
  const size = sizeOf(rest);
  const row = (index: number) => data.subarray(index * size, (index + 1) * size);
  const distances: MapDistance[] = [];
  for (let b = 1; b < count; b++) {
    for (let a = 0; a < b; a++) distances.push({ a, b, ...distanceOf(row(a), row(b)) });
  }
  return distances;
}

function distanceOf(x: Float32Array, y: Float32Array): Pick<MapDistance, "euclidean" | "cosine"> {
  let [xx, yy, xy, difference] = [0, 0, 0, 0];
  for (let index = 0; index < x.length; index++) {
    const a = x[index];
    const b = y[index];
    xx += a * a;
    yy += b * b;
    xy += a * b;
    difference += (a - b) ** 2;
  }
  const euclidean = xx + yy === 0 ? 0 : Math.sqrt(difference / (xx + yy));
  if (xx === 0 || yy === 0) return { euclidean, cosine: xx === yy ? 0 : 1 };
  // Rounding must not make equal directions less than 0 apart.
  return { euclidean, cosine: Math.max(0, 1 - xy / Math.sqrt(xx * yy)) };
}
