import type { Engine } from "../engine/engine.ts";
import { callNamed, inferenceCalls, type Model } from "../models/index.ts";
import { checkOptions, type Fields, nameField, nullable, wholeNumberField } from "../options/index.ts";
import { formatShape, OptionError, ShapeError, Tensor } from "../tensor/index.ts";
import { attributionGraph, type BackwardWay, unitInput } from "./attribution-graphs.ts";
import { checkImages } from "./choice.ts";
import { engineField } from "./engine-field.ts";
import { strongest } from "./explained.ts";
import { Explainer } from "./explainer.ts";
import { layerField } from "./layer-field.ts";
import { imageOf } from "./rows.ts";

/** How a unit's activation is sent down to the pixels: as in {@link attribute}. */
export type ProjectionMethod = "deconvnet" | "guided-backprop" | "saliency";

/** Which feature map to look at, and how. */
export interface ProjectUnitOptions {
  /** A tap's or a layer's name. */
  readonly layer: string;
  /** A feature map of it: a channel, or a unit of a layer without rows and columns. */
  readonly map: number;
  /** Default `"deconvnet"`, as in the paper's figures. */
  readonly method?: ProjectionMethod;
  /** Images at a time; default 16, halved as often as memory asks for. */
  readonly batchSize?: number | null;
  /** What computes; default the model's engine, on its own weights. Another one gets a copy of them. */
  readonly engine?: Engine | null;
}

/** What in an image makes a unit active. */
export interface UnitProjection {
  /** Shapes: `[H, W]`. The greatest absolute value of `signed` over the channels. */
  readonly values: Tensor<"float32">;
  /** Shapes: `[H, W, C]`, as the first layer takes images: the unit's activation, sent down. */
  readonly signed: Tensor<"float32">;
  readonly layer: string;
  readonly map: number;
  /** Where the map is strongest, in the layer's rows and columns; 0 and 0 where it has none. */
  readonly y: number;
  readonly x: number;
  /** How strong it is there. */
  readonly activation: number;
}

const fields: Fields<ProjectUnitOptions> = {
  layer: layerField,
  map: wholeNumberField(0),
  method: nameField<ProjectionMethod>(["deconvnet", "guided-backprop", "saliency"], "deconvnet"),
  batchSize: nullable(wholeNumberField(1)),
  engine: nullable(engineField),
};

const ways: { readonly [M in ProjectionMethod]: BackwardWay } = {
  deconvnet: "deconvnet",
  "guided-backprop": "guided",
  saliency: "gradient",
};

/**
 * What makes a feature map active: its strongest unit in each image keeps its value, all others are set to 0, and what is left is sent
 * down to the pixels (Zeiler and Fergus: "Visualizing and understanding convolutional networks", 2014, section 2.1).
 *
 * Shapes: uint8 (preprocessed here) or float32 (taken as it is) `[N, H, W, C]` -> N projections.
 *
 * @throws ShapeError for images that do not suit the model, OptionError for a layer or a map that there is not
 */
export async function projectUnit(
  model: Model,
  images: Tensor<"uint8" | "float32">,
  options: ProjectUnitOptions,
): Promise<UnitProjection[]> {
  const { layer, map, method, batchSize, engine } = checkOptions("projectUnit", options, fields);
  checkImages(model, images, "projectUnit");
  const call = callOf(model, layer, map);
  const activations = (await model.activations(images, { layers: [layer] })).get(layer);
  if (activations === undefined) throw new Error(`no activations of ${layer}`);
  const units = strongestUnits(activations, map);
  const [, height, width, channels] = images.shape;
  return await Explainer.use(model, engine, async (explainer) => {
    const question = { images: await explainer.preprocess(images), classes: [] };
    const found: UnitProjection[] = [];
    await explainer.run(
      attributionGraph(explainer.model, { call }, ways[method]),
      {
        count: units.length,
        fill: (image, target) => target.set(imageOf(question, image)),
        select: (begin, end, size) => selectUnits(units.slice(begin, end), size, activations.shape),
        take: (image, _, signal) => {
          const { place, activation } = units[image];
          const [y, x] = place.length === 3 ? place : [0, 0];
          const signed = new Tensor("float32", [height, width, channels], signal.slice());
          const values = new Tensor("float32", [height, width], strongest(signal, height * width, channels));
          found.push({ values, signed, layer, map, y, x, activation });
        },
      },
      { batchSize, signal: null, onProgress: null },
    );
    return found;
  });
}

/** @throws OptionError for a layer or a map that there is not, or that has no part in the output */
function callOf({ architecture, inputShape, name }: Model, layer: string, map: number): number {
  const where = `projectUnit, model "${name}"`;
  const call = callNamed(architecture, layer);
  if (inputShape.length !== 3) {
    throw new ShapeError(`the model takes ${formatShape(inputShape)}, an image [H, W, C] was expected`, {
      where,
    });
  }
  if (!inferenceCalls(architecture).has(call) || call === architecture.input) {
    throw new OptionError(`"${layer}" does not lie between the input and the output`, { where });
  }
  const { shape } = architecture.calls[call];
  const maps = shape[shape.length - 1];
  if (map < maps) return call;
  throw new OptionError(`"${layer}" has no map ${map}`, {
    where,
    hint: `Its output is ${formatShape(shape)}: give a number from 0 to ${maps - 1}.`,
  });
}

/** A unit by its place along each axis of a layer's output. */
interface Unit {
  readonly place: readonly number[];
  readonly activation: number;
}

/** The greatest value of a map in each image; of equal ones the first. */
function strongestUnits({ shape: [count, ...shape], data }: Tensor, map: number): Unit[] {
  const maps = shape[shape.length - 1];
  const positions = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return Array.from({ length: count }, (_, image) => {
    const valueAt = (position: number) => data[(image * positions + position) * maps + map];
    let best = 0;
    for (let position = 1; position < positions; position++) {
      if (valueAt(position) > valueAt(best)) best = position;
    }
    const place = shape.length === 3 ? [Math.floor(best / shape[1]), best % shape[1], map] : [map];
    return { place, activation: valueAt(best) };
  });
}

/** The unit's value goes in along the first axis. */
function selectUnits(units: readonly Unit[], size: number, [, ...shape]: readonly number[]) {
  return Object.fromEntries(
    shape.map((length, axis) => {
      const rows = Tensor.zeros("float32", [size, length]);
      for (const [row, { place, activation }] of units.entries()) {
        rows.data[row * length + place[axis]] = axis === 0 ? activation : 1;
      }
      return [unitInput(axis), rows] as const;
    }),
  );
}
