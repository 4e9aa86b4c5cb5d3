/**
 * The distinct convolutions of VGG-16 and ResNet-50 at 224 x 224, each direction on its own, named by the first layer of
 * that shape in torchvision's names. No net computes the input gradient of its first layer: it is left out.
 */

/** @typedef {Pick<import("../types.ts").LayerCase, "size" | "channels" | "filters" | "kernel" | "stride">} Shape */

const batch = 4;

/** @param {number} size @param {number} channels @param {number} filters @param {number} kernel @param {number} [stride] */
const shape = (size, channels, filters, kernel, stride = 1) => ({ size, channels, filters, kernel, stride });

/** @type {Readonly<Record<string, Readonly<Record<string, Shape>>>>} */
const nets = {
  vgg16: {
    "features.0": shape(224, 3, 64, 3),
    "features.2": shape(224, 64, 64, 3),
    "features.5": shape(112, 64, 128, 3),
    "features.7": shape(112, 128, 128, 3),
    "features.10": shape(56, 128, 256, 3),
    "features.12": shape(56, 256, 256, 3),
    "features.17": shape(28, 256, 512, 3),
    "features.19": shape(28, 512, 512, 3),
    "features.24": shape(14, 512, 512, 3),
  },
  resnet50: {
    conv1: shape(224, 3, 64, 7, 2),
    "layer1.0.conv1": shape(56, 64, 64, 1),
    "layer1.0.conv2": shape(56, 64, 64, 3),
    "layer1.0.conv3": shape(56, 64, 256, 1),
    "layer1.1.conv1": shape(56, 256, 64, 1),
    "layer2.0.conv1": shape(56, 256, 128, 1),
    "layer2.0.conv2": shape(56, 128, 128, 3, 2),
    "layer2.0.conv3": shape(28, 128, 512, 1),
    "layer2.0.downsample.0": shape(56, 256, 512, 1, 2),
    "layer2.1.conv1": shape(28, 512, 128, 1),
    "layer2.1.conv2": shape(28, 128, 128, 3),
    "layer3.0.conv1": shape(28, 512, 256, 1),
    "layer3.0.conv2": shape(28, 256, 256, 3, 2),
    "layer3.0.conv3": shape(14, 256, 1024, 1),
    "layer3.0.downsample.0": shape(28, 512, 1024, 1, 2),
    "layer3.1.conv1": shape(14, 1024, 256, 1),
    "layer3.1.conv2": shape(14, 256, 256, 3),
    "layer4.0.conv1": shape(14, 1024, 512, 1),
    "layer4.0.conv2": shape(14, 512, 512, 3, 2),
    "layer4.0.conv3": shape(7, 512, 2048, 1),
    "layer4.0.downsample.0": shape(14, 1024, 2048, 1, 2),
    "layer4.1.conv1": shape(7, 2048, 512, 1),
    "layer4.1.conv2": shape(7, 512, 512, 3),
  },
};

/** @type {readonly import("../types.ts").Pass[]} */
const passes = ["forward", "input-gradient", "filter-gradient"];

/** @type {readonly import("../types.ts").LayerCase[]} */
export const layerCases = Object.entries(nets).flatMap(([net, layers]) =>
  Object.entries(layers).flatMap(([layer, dimensions], index) =>
    passes
      .filter((pass) => index > 0 || pass !== "input-gradient")
      .map((pass) => ({
        name: `layers/${net}/${layer}/${pass}`,
        kind: /** @type {const} */ ("layer"),
        pass,
        batch,
        // Winograd's transforms round a little more than sums of products in another order.
        tolerance: 1e-4,
        ...dimensions,
        padding: (dimensions.kernel - 1) / 2,
      })),
  ),
);

/** Height and width of a layer's output. @param {import("../types.ts").LayerCase} kase */
export function outputSize({ size, kernel, stride, padding }) {
  return Math.floor((size + 2 * padding - kernel) / stride) + 1;
}

/** Multiplications and additions of a run, as a direct convolution has them. @param {import("../types.ts").LayerCase} kase */
export function flopsOf(kase) {
  const { batch: images, channels, filters, kernel } = kase;
  return 2 * images * outputSize(kase) ** 2 * kernel ** 2 * channels * filters;
}
