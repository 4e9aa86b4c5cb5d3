import { expect, test } from "vitest";
import { nameHint, nearestName } from "./errors.ts";

const nets = ["googlenet", "resnet18", "resnet34", "mobilenet-v1", "mobilenet-v2"];

test.each([
  // A beginning, in any case; "mobilenet" is nearer to "googlenet" by single letters.
  ["mobilenet", "mobilenet-v1"],
  ["MobileNet-V", "mobilenet-v1"],
  ["resnet3", "resnet34"],
  // Slips of the keyboard.
  ["goglenet", "googlenet"],
  ["resnet81", "resnet18"],
  // Too short, and too far from all.
  ["mo", undefined],
  ["transformer", undefined],
])("%s is likely to mean %s", (name, expected) => {
  expect(nearestName(name, nets)).toBe(expected);
});

test("a hint lists what is known, behind what was likely meant", () => {
  expect(nameHint("googl", nets)).toBe(`Did you mean "googlenet"? Known: ${nets.join(", ")}.`);
  expect(nameHint("vit", nets)).toBe(`Known: ${nets.join(", ")}.`);
});

test("of very many names a hint shows those first that share a word", () => {
  const classes = [...Array.from({ length: 1200 }, (_, index) => `thing ${index}`), "tabby", "tiger cat"];
  const others = Array.from({ length: 10 }, (_, index) => `thing ${index}`);
  expect(nameHint("Tabby cat", classes)).toBe(
    `Known: tabby, tiger cat, ${others.join(", ")}, and 1,190 more.`,
  );
  expect(nameHint("tiger ca", classes)).toMatch(/^Did you mean "tiger cat"\? Known: tiger cat, thing 0, /);
});
