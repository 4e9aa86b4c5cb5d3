import { Tensor } from "fovea";
import { expect, test } from "vitest";
import { nchwOfNhwc, nhwcOfNchw, permute, transpose, weightByChannel } from "./layouts.mjs";
import { integer, message, text } from "./onnx/protobuf.mjs";

test("images by pixel become images by channel, and back", () => {
  // One image of 1 x 2 pixels with 3 channels.
  const pixels = Float32Array.of(1, 2, 3, 4, 5, 6);
  const planes = transpose(pixels, [1, 1, 2, 3], nchwOfNhwc);
  expect([...planes]).toEqual([1, 4, 2, 5, 3, 6]);
  expect(permute([1, 1, 2, 3], nchwOfNhwc)).toEqual([1, 3, 1, 2]);
  expect(transpose(planes, [1, 3, 1, 2], nhwcOfNchw)).toEqual(pixels);
});

test("weights: filters turn, and rows of a matrix behind a flattening are sorted by channel", () => {
  const filter = weightByChannel("w", Tensor.from([1, 2, 3, 4, 5, 6], [1, 1, 2, 3]), {});
  // [O, I, H, W]: output channel first.
  expect(filter.shape).toEqual([3, 2, 1, 1]);
  expect([...filter.values]).toEqual([1, 4, 2, 5, 3, 6]);
  const matrix = Tensor.from([10, 11, 20, 21, 30, 31, 40, 41], [4, 2]);
  expect([...weightByChannel("fc", matrix, {}).values]).toEqual([10, 11, 20, 21, 30, 31, 40, 41]);
  // An image of 1 x 2 pixels with 2 channels: rows p0c0, p0c1, p1c0, p1c1 become p0c0, p1c0, p0c1, p1c1.
  const sorted = weightByChannel("fc", matrix, { fc: [1, 2, 2] });
  expect([...sorted.values]).toEqual([10, 11, 30, 31, 20, 21, 40, 41]);
});

test("protocol buffers: numbers in sevens, and lengths before texts", () => {
  const bytes = (/** @type {Uint8Array[]} */ pieces) => [...Buffer.concat(pieces)];
  // 300 = 0b10_0101100: the low seven bits first, marked that more follow.
  expect(bytes(integer(1, 300))).toEqual([0x08, 0xac, 0x02]);
  expect(bytes(text(2, "hi"))).toEqual([0x12, 2, 0x68, 0x69]);
  expect(bytes(message(7, integer(1, 1)))).toEqual([0x3a, 2, 0x08, 1]);
});
