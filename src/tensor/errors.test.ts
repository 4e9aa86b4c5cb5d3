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
