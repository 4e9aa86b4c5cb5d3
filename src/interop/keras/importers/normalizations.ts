import type { Shape } from "../../../tensor/index.ts";
import type { KerasOptions } from "../options.ts";
import { type Importer, single } from "./importer.ts";

/** The axis of the channels, the last one: it can be told only once the input's shape is known. */
function requireLastAxis(options: KerasOptions, input: Shape): void {
  const axes = options.wholeNumbers("axis", [-1]);
  if (axes.length === 1 && (axes[0] === -1 || axes[0] === input.length)) return;
  throw options.error(
    `it runs along the axis [${axes.join(", ")}]`,
    "Only the last axis, the channels, is supported.",
  );
}

const batchNormalization: Importer = ({ options, make }) => {
  const layer = make("batchNormalization", {
    momentum: options.number("momentum", 0.99),
    epsilon: options.number("epsilon", 1e-3),
    center: options.boolean("center", true),
    scale: options.boolean("scale", true),
  });
  return ([x]) => {
    requireLastAxis(options, x.shape);
    return layer.apply(x);
  };
};

/** Keras divides by the deviation, or by this if that is larger. */
const smallestDeviation = 1e-7;

/** (x - mean) / deviation, with numbers of the configuration or, where the layer was adapted to data, of the weights. */
const normalization: Importer = ({ options, make, weight }) => {
  const fixed = (name: string) => (options.isGiven(name) ? options.numbers(name) : null);
  const means = fixed("mean") ?? adapted("mean");
  const variances = fixed("variance") ?? adapted("variance");
  const isInverse = options.boolean("invert", false);
  function adapted(name: string): number | readonly number[] {
    const tensor = weight(name);
    if (tensor === null)
      throw options.error(`the file has no ${name} for it`, "Call adapt() before the model is saved.");
    return tensor.data.length === 1 ? tensor.data[0] : Array.from(tensor.data);
  }
  // Inverted: x deviation + mean.
  const deviationOf = (variance: number) => Math.max(Math.sqrt(variance), smallestDeviation);
  const scaleOf = (variance: number) => (isInverse ? deviationOf(variance) : 1 / deviationOf(variance));
  const offsetOf = (mean: number, variance: number) => (isInverse ? mean : -mean / deviationOf(variance));
  const layerFor = (channels: number) => {
    if (typeof means === "number" && typeof variances === "number") {
      return make("rescaling", { scale: scaleOf(variances), offset: offsetOf(means, variances) });
    }
    const mean = listOf(means, channels);
    const variance = listOf(variances, channels);
    return make("rescaling", {
      scale: variance.map(scaleOf),
      offset: mean.map((value, channel) => offsetOf(value, variance[channel])),
    });
  };
  let layer: ReturnType<typeof layerFor> | null = null;
  return ([x]) => {
    const axes = options.isGiven("axis") ? options.wholeNumbers("axis") : [];
    if (axes.length > 0) requireLastAxis(options, x.shape);
    const channels = x.shape[x.shape.length - 1] ?? 1;
    for (const given of [means, variances]) {
      if (typeof given !== "number" && given.length !== channels) {
        throw options.error(
          `it has ${given.length} means or variances for ${channels} channels`,
          "Only one for each channel is supported.",
        );
      }
    }
    layer ??= layerFor(channels);
    return layer.apply(x);
  };
};

function listOf(values: number | readonly number[], length: number): readonly number[] {
  return typeof values === "number" ? Array<number>(length).fill(values) : values;
}

/** Random changes to single values, maps or images, in training alone. */
const dropout = single("dropout", (options) => ({ rate: options.number("rate") }));

const spatialDropout: Importer = (context) => {
  context.note(
    `layer "${context.layer.name}" (SpatialDropout2D) drops single values in training here, in Keras whole channels; predictions are the same`,
  );
  return dropout(context);
};

/** Classes that normalize, and that act in training only. */
export const normalizationImporters = {
  BatchNormalization: batchNormalization,
  BatchNormalizationV1: batchNormalization,
  BatchNormalizationV2: batchNormalization,
  Normalization: normalization,
  Rescaling: single("rescaling", (options) => ({
    scale: options.numbers("scale"),
    offset: options.numbers("offset", 0),
  })),
  Dropout: dropout,
  SpatialDropout2D: spatialDropout,
} satisfies { readonly [className: string]: Importer };
