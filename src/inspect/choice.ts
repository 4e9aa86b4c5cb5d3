import { callNamed, inferenceCalls, type Model } from "../models/index.ts";
import { field } from "../options/index.ts";
import {
  formatShape,
  nameHint,
  OptionError,
  type Shape,
  ShapeError,
  sameShape,
  type Tensor,
} from "../tensor/index.ts";

/** A class by index or name, for all images, or one for each. */
export type AskedClass = number | string | readonly (number | string)[];

/** An option that is a class. */
export const classField = field("a class, or a list with one for each image", (value): value is AskedClass =>
  [value].flat().every((one) => typeof one === "number" || typeof one === "string"),
);

/** @throws ShapeError for images that do not suit the model */
export function checkImages({ inputShape, name }: Model, { shape }: Tensor, where: string): void {
  if (shape.length > 0 && shape[0] > 0 && sameShape(shape.slice(1), inputShape)) return;
  throw new ShapeError(`the images are ${formatShape(shape)}, [N, ${inputShape.join(", ")}] was expected`, {
    where: `${where}, model "${name}"`,
    hint: "data.imageToInput makes such images.",
  });
}

/** The call whose activations are looked at, and what it is called. */
export interface ChosenTap {
  readonly name: string;
  /** Index of the call of the architecture. */
  readonly call: number;
}

/** Whether a value has rows and columns still. */
function isSpatial([height, width, channels]: Shape): boolean {
  return channels !== undefined && height * width > 1;
}

/**
 * The call of a name, or the last one that has rows and columns.
 *
 * @throws OptionError for an unknown name, ShapeError where there are no rows and columns
 */
export function chooseTap({ architecture, name: model }: Model, asked: string | null): ChosenTap {
  const { calls, layers, input } = architecture;
  const onTheWay = inferenceCalls(architecture);
  if (asked === null) {
    const call = calls.findLastIndex(
      ({ shape }, index) => index !== input && onTheWay.has(index) && isSpatial(shape),
    );
    if (call >= 0) return { name: layers[calls[call].layer].name, call };
    throw new ShapeError("no layer of the model has an output with rows and columns", {
      where: `gradCam, model "${model}"`,
      hint: "Grad-CAM looks at the activations of convolutions: take a model that has some.",
    });
  }
  const call = callNamed(architecture, asked);
  if (!onTheWay.has(call)) {
    throw new OptionError(`"${asked}" belongs to an auxiliary head, which has no part in the output`, {
      where: `gradCam, model "${model}"`,
      hint: "Take a layer between the input and the output.",
    });
  }
  const { shape } = calls[call];
  if (isSpatial(shape)) return { name: asked, call };
  throw new ShapeError(`"${asked}" gives ${formatShape(shape)}, which has no rows and columns`, {
    where: `gradCam, model "${model}"`,
    hint: `Take a layer whose output is [H, W, C]; left away, it is the last of them.`,
  });
}

/**
 * The class of each image, as asked for: one for all, one for each, or the likeliest.
 *
 * @throws OptionError for a class that the model does not have, and a list of another length
 */
export async function classesOf(
  model: Model,
  images: Tensor<"uint8" | "float32">,
  asked: AskedClass | null,
  where: string,
): Promise<number[]> {
  if (model.outputShape.length !== 1) {
    throw new ShapeError(
      `the model gives ${formatShape(model.outputShape)}, one score a class was expected`,
      {
        where: `${where}, model "${model.name}"`,
        hint: "Take a classifier.",
      },
    );
  }
  const [count] = images.shape;
  if (asked === null) return [...(await model.predictClasses(images))];
  if (typeof asked === "number" || typeof asked === "string") {
    const index = classOf(model, asked, where);
    return Array.from({ length: count }, () => index);
  }
  if (asked.length !== count) {
    throw new OptionError(`${asked.length} classes were given for ${count} images`, {
      where: `${where}, class`,
      hint: "Give one class for all images, or one for each.",
    });
  }
  return asked.map((one) => classOf(model, one, where));
}

function classOf(
  { classNames, outputShape: [classes] }: Model,
  asked: number | string,
  where: string,
): number {
  if (typeof asked === "string") {
    const index = classNames?.indexOf(asked) ?? -1;
    if (index >= 0) return index;
    throw new OptionError(`the model has no class "${asked}"`, {
      where: `${where}, class`,
      hint: classNames === null ? "Its classes have no names: give an index." : nameHint(asked, classNames),
    });
  }
  if (Number.isInteger(asked) && asked >= 0 && asked < classes) return asked;
  throw new OptionError(`the model has no class ${asked}`, {
    where: `${where}, class`,
    hint: `Give an index from 0 to ${classes - 1}.`,
  });
}
