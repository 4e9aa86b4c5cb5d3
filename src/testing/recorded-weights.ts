import { type Architecture, type ModelParameter, modelParameters } from "../models/index.ts";
import { type Shape, sizeOf, Tensor } from "../tensor/index.ts";

// The weights and images that scripts/golden/zoo.py gives to torchvision's nets, in our layout.

/** A 32-bit FNV-1a hash. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/** The script's number on [-1, 1) for an element of a tensor. */
export function uniformAt(seed: number, index: number): number {
  let h = Math.imul(index ^ seed, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca77);
  h ^= h >>> 13;
  return (h >>> 0) / 2 ** 31 - 1;
}

/** The script's images. @param key - which ones. Shapes: [count, ...imageShape]. */
export function recordedImages(count: number, imageShape: Shape, key = "images"): Tensor<"float32"> {
  const shape = [count, ...imageShape];
  const seed = hashOf(key);
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, index) => uniformAt(seed, index));
  return new Tensor("float32", shape, values);
}

/**
 * A kernel in our layout. All kernels are filters, [KH, KW, I, O] here and [O, I, KH, KW] there: those of a dense layer
 * are 1 x 1, those of a dense layer behind an image are of the image's size.
 */
function kernelOf(key: string, [height, width, inputs, outputs]: Shape, gain: number): Float32Array {
  const seed = hashOf(key);
  const fanIn = height * width * inputs;
  const scale = gain * Math.sqrt(6 / fanIn);
  const values = new Float32Array(fanIn * outputs);
  let at = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let input = 0; input < inputs; input++) {
        const first = (input * height + row) * width + column;
        for (let output = 0; output < outputs; output++) {
          values[at++] = scale * uniformAt(seed, output * fanIn + first);
        }
      }
  return values;
}

/** An element of a bias, of a statistic or of what batch normalization multiplies with. */
export function recordedElement(key: string, index: number): number {
  const u = uniformAt(hashOf(key), index);
  if (key.endsWith("running_var")) return 1 + u / 2;
  if (!key.endsWith("weight")) return u / 10 + (key.endsWith(".bn.bias") ? 2 : 0);
  return (1 + u / 5) / (key.endsWith("bn3.weight") ? 5 : 1);
}

/** What is flattened, if anything is: the first dense layer then sees an image. */
function flattenedShape({ layers, calls }: Architecture): Shape | null {
  const flatten = calls.find(({ layer }) => layers[layer].layer.kind === "flatten");
  return flatten === undefined ? null : calls[flatten.inputs[0]].shape;
}

function weightOf(
  { name, shape, initializer }: ModelParameter,
  image: Shape | null,
  gain: number,
): Float32Array {
  // What is fixed stays as it is.
  if (typeof initializer === "object" && "values" in initializer.options)
    return Float32Array.from(initializer.options.values);
  if (shape.length === 1)
    return Float32Array.from({ length: shape[0] }, (_, index) => recordedElement(name, index));
  if (shape.length === 4) return kernelOf(name, shape, gain);
  const [inputs, outputs] = shape;
  const seesImage = image !== null && inputs === sizeOf(image);
  return kernelOf(name, seesImage ? [...image, outputs] : [1, 1, inputs, outputs], gain);
}

/** The script's weights and statistics by name, one after the other: a VGG has half a gigabyte of them. */
export function* recordedWeights(
  architecture: Architecture,
  gain: number,
): Generator<readonly [name: string, value: Tensor<"float32">]> {
  const image = flattenedShape(architecture);
  for (const parameter of modelParameters(architecture)) {
    yield [parameter.name, new Tensor("float32", parameter.shape, weightOf(parameter, image, gain))];
  }
}
