import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, OptionError, ShapeError } from "../tensor/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import { countOf, epochOrder, shiftImages, split, take } from "./dataset.ts";
import { fromArrays, fromFeatures } from "./from-arrays.ts";

/** Images of one pixel whose values are their indices. */
function counting(count: number) {
  const pixels = Uint8Array.from({ length: count }, (_, index) => index);
  const labels = pixels.map((value) => value % 2);
  return fromArrays({
    images: new Tensor("uint8", [count, 1, 1, 1], pixels),
    labels,
    classes: 2,
    name: "ten",
  });
}

describe("take", () => {
  test("the first images, or all", () => {
    const ten = counting(10);
    const three = take(ten, 3);
    expect([...three.images.data]).toEqual([0, 1, 2]);
    expect([...three.labels.data]).toEqual([0, 1, 0]);
    expect(three.images.shape).toEqual([3, 1, 1, 1]);
    expect(three.images.data.buffer).toBe(ten.images.data.buffer);
    expect(take(ten, 11)).toBe(ten);
  });

  test.each([0, -1, 1.5, Number.NaN])("refuses %d", (limit) => {
    expect(() => take(counting(10), limit)).toThrow(OptionError);
    expect(() => take(counting(10), limit)).toThrow(
      `limit: ${limit} is not a number of images. Give a whole number from 1 up.`,
    );
  });
});

describe("split", () => {
  test("the last fraction is for validation, as in Keras", () => {
    const { train, validation } = split(counting(10), 0.25);
    expect([...train.images.data]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect([...validation.images.data]).toEqual([7, 8, 9]);
    expect([...validation.labels.data]).toEqual([1, 0, 1]);
    expect(validation.name).toBe("ten (validation part)");
  });

  test("bad fractions and empty parts are refused", () => {
    for (const fraction of [0, 1, -0.1, 2, Number.NaN]) {
      expect(() => split(counting(10), fraction)).toThrow(
        `validation split: ${fraction} is not a fraction between 0 and 1. Give the share of the images`,
      );
    }
    expect(() => split(counting(2), 0.9)).toThrow(OptionError);
    expect(() => split(counting(2), 0.9)).toThrow(
      "validation split: 0.9 of 2 images leaves 0 to train and 2 to validate with. Use more images or another fraction, so that neither part is empty.",
    );
  });
});

describe("fromFeatures", () => {
  const features = Tensor.from([0, 1, 2, 3, 4, 5], [3, 2]);

  test("takes numbers of any shape as they are", () => {
    const made = fromFeatures({ features, labels: [1, 0, 1], classes: ["cat", "dog"] });
    expect([countOf(made), made.classNames, made.name]).toEqual([3, ["cat", "dog"], "your features"]);
    expect(made.images).toBe(features);
    const maps = fromFeatures({
      features: Tensor.zeros("float32", [2, 3, 4, 5]),
      labels: [0, 1],
      classes: 2,
    });
    expect(take(maps, 1).images.shape).toEqual([1, 3, 4, 5]);
  });

  test("what does not fit is refused", () => {
    const labels = [0, 1, 1];
    const given = { features, labels, classes: 2, name: "mine" };
    const make = (changes: object) => () => fromFeatures({ ...given, ...changes });
    expect(make({ features: undefined })).toThrow('data.fromFeatures: option "features" must be a Tensor.');
    expect(make({ labels: 3 })).toThrow('data.fromFeatures: option "labels" must be an array or a Tensor');
    expect(make({ features: Tensor.zeros("uint8", [3, 2]) })).toThrow(
      'mine: the features are uint8, float32 was expected. Give features.as("float32"), or images of bytes to data.fromArrays().',
    );
    expect(make({ features: Tensor.zeros("float32", [3]) })).toThrow(
      "mine: the features are [3], [N, ...] was expected. Give one axis for the examples and one or more",
    );
    expect(make({ labels: [0, 1] })).toThrow(
      "mine: there are 3 examples and 2 labels. Give exactly one label for each example.",
    );
    expect(make({ features: Tensor.from([0, 1, 2, Number.NaN, 4, 5], [3, 2]) })).toThrow(
      "mine: example 1 has the feature NaN, a finite number was expected. Correct what made it, or leave the example out.",
    );
  });
});

describe("fromArrays", () => {
  const images = Tensor.zeros("uint8", [2, 3, 4, 1]);

  test("takes labels as tensor or array, classes as names or number", () => {
    const named = fromArrays({ images, labels: [1, 0], classes: ["cat", "dog"] });
    expect([countOf(named), named.classNames, named.name]).toEqual([2, ["cat", "dog"], "your data"]);
    const numbered = fromArrays({
      images,
      labels: new Tensor("uint8", [2], Uint8Array.of(2, 0)),
      classes: 3,
    });
    expect(numbered.labels).toEqual(new Tensor("int32", [2], Int32Array.of(2, 0)));
    expect(numbered.classNames).toEqual(["0", "1", "2"]);
    expect(numbered.images).toBe(images);
  });

  test("what is missing is named", () => {
    // A caller without types can leave anything out.
    const given = { images, labels: [0, 1], classes: 2 };
    for (const name of ["images", "labels", "classes"] as const) {
      expect(() => fromArrays({ ...given, [name]: undefined })).toThrow(OptionError);
      expect(() => fromArrays({ ...given, [name]: undefined })).toThrow(
        `data.fromArrays: option "${name}" must be `,
      );
    }
  });

  test("what does not fit is refused", () => {
    // A caller without types can pass any dtype.
    const floats = Tensor.zeros("float32", [2, 3, 4, 1]) as Tensor as Tensor<"uint8">;
    const cases: [() => unknown, typeof DataError | typeof ShapeError, string][] = [
      [
        () => fromArrays({ images: floats, labels: [0, 1], classes: 2, name: "mine" }),
        DataError,
        'mine: the images are float32, uint8 was expected. Give values from 0 to 255, as by images.as("uint8")',
      ],
      [
        () => fromArrays({ images: Tensor.zeros("uint8", [2, 3, 4]), labels: [0, 1], classes: 2 }),
        ShapeError,
        "your data: the images are [2, 3, 4], [N, H, W, C] was expected. For gray images use images.reshape([2, 3, 4, 1]).",
      ],
      [
        () => fromArrays({ images: Tensor.zeros("uint8", [2, 3]), labels: [0, 1], classes: 2 }),
        ShapeError,
        "your data: the images are [2, 3], [N, H, W, C] was expected. Give one axis each for image, row, column",
      ],
      [
        () => fromArrays({ images: Tensor.zeros("uint8", [0, 3, 4, 1]), labels: [], classes: 2 }),
        ShapeError,
        "your data: shape [0, 3, 4, 1] has a size that is not a positive whole number",
      ],
      [
        () => fromArrays({ images, labels: [0], classes: 2 }),
        DataError,
        "your data: there are 2 images and 1 labels. Give exactly one label for each image.",
      ],
      [
        () => fromArrays({ images, labels: [0, 0.5], classes: 2 }),
        DataError,
        "your data: the label at index 1 is 0.5, a whole number was expected. Labels are indices of classes, from 0 up.",
      ],
      [
        () => fromArrays({ images, labels: [0, -1], classes: 2 }),
        DataError,
        "your data: the label at index 1 is -1, with 2 classes labels are 0 to 1. Correct that label",
      ],
      [
        () => fromArrays({ images, labels: [0, 0], classes: ["only"] }),
        DataError,
        "your data: 1 is not a number of classes. Give two classes or more.",
      ],
    ];
    for (const [make, kind, message] of cases) {
      expect(make).toThrow(kind);
      expect(make).toThrow(message);
    }
  });
});

describe("shiftImages", () => {
  test("positive is right and down, with zeros coming in", () => {
    const image = new Tensor("uint8", [1, 2, 3, 1], Uint8Array.of(1, 2, 3, 4, 5, 6));
    expect([...shiftImages(image, 1, 1).data]).toEqual([0, 0, 0, 0, 1, 2]);
    expect([...shiftImages(image, -1, -1).data]).toEqual([5, 6, 0, 0, 0, 0]);
    expect([...shiftImages(image, 0, 0).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("each pixel comes from where the definition says", () => {
    const size = fc.integer({ min: 1, max: 5 });
    const move = fc.integer({ min: -6, max: 6 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.integer({ min: 1, max: 3 }),
        move,
        move,
        (count, height, width, channels, dx, dy) => {
          const images = Tensor.zeros("uint8", [count, height, width, channels]);
          images.data.forEach((_, index) => {
            images.data[index] = (index % 255) + 1;
          });
          const shifted = shiftImages(images, dx, dy);
          const at = (n: number, y: number, x: number, c: number) =>
            ((n * height + y) * width + x) * channels + c;
          for (let n = 0; n < count; n++)
            for (let y = 0; y < height; y++)
              for (let x = 0; x < width; x++)
                for (let c = 0; c < channels; c++) {
                  const inside = y - dy >= 0 && y - dy < height && x - dx >= 0 && x - dx < width;
                  const expected = inside ? images.data[at(n, y - dy, x - dx, c)] : 0;
                  expect(shifted.data[at(n, y, x, c)]).toBe(expected);
                }
        },
      ),
    );
  });

  test("bad arguments are refused", () => {
    expect(() => shiftImages(Tensor.zeros("uint8", [2, 3, 3]), 1, 1)).toThrow(
      "shift: the images are [2, 3, 3], [N, H, W, C] was expected.",
    );
    expect(() => shiftImages(Tensor.zeros("uint8", [1, 2, 2, 1]), 0.5, 1)).toThrow(
      "shift: 0.5,1 is not a shift by whole pixels. Give two whole numbers: pixels to the right, pixels down.",
    );
  });
});

describe("epochOrder", () => {
  test("a permutation that depends on seed and epoch only", () => {
    const order = epochOrder(1, 0, 1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(epochOrder(1, 0, 1000)).toEqual(order);
    expect(epochOrder(1, 1, 1000)).not.toEqual(order);
    expect(epochOrder(2, 0, 1000)).not.toEqual(order);
    // Recorded: a change would make resumed runs differ from those that were not interrupted.
    expect([...epochOrder(1, 0, 8)]).toEqual([1, 3, 0, 2, 6, 7, 5, 4]);
  });
});
