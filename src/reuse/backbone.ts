import type { Architecture, Model } from "../models/index.ts";
import { type Pretrained, pretrained } from "../pretrained/index.ts";
import { checkModelName } from "../pretrained/pretrained.ts";
import { OptionError, type Shape, sameShape } from "../tensor/index.ts";
import { models, type ZooWidthOptions } from "../zoo/index.ts";
import { featureCount } from "./features/index.ts";
import type { BackboneOptions } from "./options.ts";
import type { BackboneReport } from "./result.ts";

/** A trained net that has been cut. */
export interface Backbone {
  readonly report: BackboneReport;
  /** Ends at the tap; frozen. */
  readonly network: Model;
}

/**
 * A trained net, cut behind a tap. One by name takes photos larger than it was trained on, by 9 to 7, where its features are
 * means over a grid: things on photos that were cropped at random in training looked larger than they do in tests, and a
 * finer look makes up for it (Touvron, Vedaldi, Douze, Jegou: "Fixing the train-test resolution discrepancy", 2019).
 *
 * @throws OptionError for a name that there is not, or a net that cannot be cut there; what {@link pretrained} throws
 */
export async function loadBackbone(options: BackboneOptions): Promise<Backbone> {
  const { backbone } = options;
  const { model, weights } =
    typeof backbone === "string"
      ? await loadByName(backbone, options)
      : { model: backbone, weights: options.weights ?? null };
  const tap = options.tap ?? usualTap(model);
  const network = model.tap(tap).freeze();
  const parameters = network.summary().parameters;
  return {
    network,
    report: {
      name: model.name,
      weights,
      tap,
      features: featureCount(network, "mean"),
      parameters,
      inputShape: network.inputShape,
    },
  };
}

async function loadByName(
  name: string,
  options: BackboneOptions,
): Promise<{ model: Model; weights: string }> {
  const { engine, fetch } = options;
  checkModelName(name, "backbone");
  const weights = options.weights ?? models.publishedWeights(name).at(0)?.source ?? null;
  if (weights === null) {
    throw new OptionError(`no weights are published for ${name}`, {
      where: "backbone",
      hint: "Say by weights which file holds them, or take another backbone.",
    });
  }
  const inputShape = sizeFor(name, options);
  const loaded: Pretrained = await pretrained(name, {
    weights,
    ...(inputShape === null ? {} : { inputShape }),
    ...(engine === undefined ? {} : { engine }),
    ...(fetch === undefined ? {} : { fetch }),
  });
  return { model: loaded.model, weights: loaded.preparation ?? weights };
}

/** Sizes of images are multiples of it, as nets halve them five times. */
const step = 32;

/** The shape of the images that a net by name is to take; `null` for its own. */
function sizeFor(name: string, { size = "own", tap = null }: BackboneOptions): Shape | null {
  if (size === "own") return null;
  if (typeof size === "number") return [size, size, 3];
  const create = (options: ZooWidthOptions) => models.create<string>(name, options);
  const own = create({});
  const [height, width, channels] = own.inputShape;
  const larger = step * Math.round((height * 9) / 7 / step);
  if (height !== width || larger <= height) return null;
  const cut = own.architecture;
  const shape = [larger, larger, channels];
  const other = create({ inputShape: shape }).architecture;
  const end = callOf(cut, tap ?? usualTap(own));
  // Features that depend on the grid's size would be others than those that the net was trained for.
  const isMean = cut.layers[cut.calls[end].layer].layer.kind === "globalAveragePool2d";
  return isMean && sameShape(cut.calls[end].shape, other.calls[end].shape) ? shape : null;
}

function callOf({ taps, layers, calls }: Architecture, name: string): number {
  const tap = taps.find((candidate) => candidate.name === name);
  return tap?.call ?? calls.findLastIndex(({ layer }) => layers[layer].name === name);
}

/** Layers that only drop values in training. */
const passed: readonly string[] = ["dropout", "spatialDropout2d"];

/**
 * What the last layer with weights reads: the name of the tap there, else of the layer.
 *
 * @throws OptionError for a net that has nothing before its last layer
 */
export function usualTap({ architecture, name }: Pick<Model, "architecture" | "name">): string {
  const { layers, calls, taps, input, output } = architecture;
  let at = output;
  const layerOf = (call: number) => layers[calls[call].layer];
  while (at !== input && !["dense", "conv2d"].includes(layerOf(at).layer.kind)) [at] = calls[at].inputs;
  if (at !== input) [at] = calls[at].inputs;
  while (at !== input) {
    const { kind } = layerOf(at).layer;
    // A vector that is made into one pixel is still the same.
    const isPixel = kind === "reshape" && calls[at].shape.slice(0, -1).every((side) => side === 1);
    if (!passed.includes(kind) && !isPixel) break;
    [at] = calls[at].inputs;
  }
  const found = at;
  if (found === input) {
    throw new OptionError("it has nothing before its last layer that could be used again", {
      where: `model "${name}"`,
      hint: "Take another backbone, or say by tap where it is cut.",
    });
  }
  return taps.find(({ call }) => call === found)?.name ?? layerOf(found).name;
}
