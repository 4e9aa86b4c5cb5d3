import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { warpImage } from "../../ops/index.ts";
import { about } from "./affine.ts";
import { type ByteChange, changeBytes } from "./bytes.ts";
import { brightened, type ColourMap, contrasted, saturated } from "./colour.ts";
import { Draft } from "./draft.ts";
import { rotate } from "./geometry.ts";
import { randAugmentOperations } from "./rand-augment.ts";

// What torchvision makes of the same images, recorded by scripts/golden/augment.py.

interface Golden {
  readonly inputs: string;
  readonly shape: readonly [number, number, number];
  readonly affine: readonly { readonly kind: string; readonly value: number; readonly values: number[] }[];
  readonly colours: readonly { readonly name: string; readonly factor: number; readonly values: number[] }[];
  readonly bytes: readonly {
    readonly name: ByteChange["kind"];
    readonly value: number | null;
    readonly seed: number;
    readonly low: number;
    readonly high: number;
    readonly size: readonly [number, number];
    readonly bytes: string;
  }[];
  readonly randAugment: readonly {
    readonly name: string;
    readonly magnitudes: readonly number[];
    readonly signed: boolean;
  }[];
}

const golden = JSON.parse(readFileSync(new URL("golden/augment.json", import.meta.url), "utf8")) as Golden;
const [height, width, channels] = golden.shape;

/** The inputs' formula, as the script has it, brought to bytes from `low` to `high`. */
function image(seed: number, low: number, high: number, pixels = height * width): Uint8Array {
  expect(golden.inputs).toBe("(7919 i + 331 seed) mod 251 for element i in row-major order");
  return Uint8Array.from({ length: pixels * channels }, (_, i) =>
    Math.round(low + (((7919 * i + 331 * seed) % 251) * (high - low)) / 250),
  );
}

function warped(draft: Draft, pixels: Uint8Array): Float64Array {
  const values = new Float64Array(pixels.length);
  const source = { pixels, first: 0, height, width, channels };
  warpImage(source, draft.record(), { values, first: 0, size: [height, width] });
  return values;
}

const ofRandAugment = (name: string) => (draft: Draft, value: number) =>
  randAugmentOperations[name].add(draft, value);

const moves: Readonly<Record<string, (draft: Draft, value: number) => void>> = {
  rotation: rotate,
  scale: (draft, value) => draft.move(about((width - 1) / 2, (height - 1) / 2, 1 / value, 0, 0, 1 / value)),
  shearX: ofRandAugment("ShearX"),
  shearY: ofRandAugment("ShearY"),
  translate: ofRandAugment("TranslateX"),
};

test.each(golden.affine)("geometry: $kind by $value", ({ kind, value, values }) => {
  const draft = new Draft({ height, width, channels });
  moves[kind](draft, value);
  // Records are float32, and so is torchvision's grid.
  expect(warped(draft, image(1, 0, 250))).toBeCloseToTensor(values, { absolute: 2e-3 });
});

const colours: Readonly<Record<string, (map: ColourMap, factor: number) => ColourMap>> = {
  brightness: brightened,
  contrast: contrasted,
  saturation: saturated,
};

test.each(golden.colours)("colours: $name times $factor", ({ name, factor, values }) => {
  const draft = new Draft({ height, width, channels });
  draft.colours = colours[name](draft.colours, factor);
  // torchvision weighs red by 0.2989, not 0.299.
  expect(warped(draft, image(2, 90, 160))).toBeCloseToTensor(values, { absolute: 0.03 });
});

function changeOf(kind: ByteChange["kind"], value: number): ByteChange {
  if (kind === "posterize") return { kind, bits: value };
  if (kind === "solarize") return { kind, threshold: value };
  if (kind === "sharpness") return { kind, factor: value };
  return { kind };
}

describe("bytes", () => {
  test.each(golden.bytes)("$name $value of $low to $high, seed $seed", (recorded) => {
    const { name, value, seed, low, high, size, bytes } = recorded;
    const pixels = image(seed, low, high, size[0] * size[1]);
    changeBytes(pixels, { height: size[0], width: size[1], channels }, [changeOf(name, value ?? 0)]);
    const expected = Buffer.from(bytes, "base64");
    // torchvision cuts off 175.99999 as well, which is what rounding leaves of 176 at the untouched edge.
    if (name === "sharpness") expect(pixels).toBeCloseToTensor([...expected], { absolute: 1 });
    else expect([...pixels]).toEqual([...expected]);
  });
});

test("RandAugment has torchvision's operations and amounts", () => {
  expect(Object.keys(randAugmentOperations)).toEqual(golden.randAugment.map(({ name }) => name));
  const size = { height: 10 * height, width: 10 * width, channels };
  for (const { name, magnitudes, signed } of golden.randAugment) {
    const { amount, signed: own } = randAugmentOperations[name];
    expect(own, name).toBe(signed);
    const amounts = magnitudes.map((_, magnitude) => amount(magnitude / 30, size));
    expect(amounts).toBeCloseToTensor(magnitudes, { absolute: 1e-5 });
  }
});
