/**
 * torchvision's weights. Its file names end in the first eight digits of the file's sha256. Facts from torchvision 0.28:
 * the metadata of each `*_Weights`, its file sizes in 2^20 bytes, and the transforms that belong to it.
 */
import { normalized } from "../../models/index.ts";
import type { PublishedWeights } from "./published.ts";

const base = "https://download.pytorch.org/models";

/** ImageNet's mean and deviation, the usual ones. */
const imageNetScale = normalized({ mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] });

interface Facts {
  readonly version?: "v1" | "v2";
  readonly mebibytes: number;
  /** Percent of the validation images. */
  readonly accuracy: readonly [top1: number, top5: number];
}

/** What the second round of training was: of torchvision's recipe from 2021, evaluated at 232 pixels. */
const secondRecipe =
  "https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/";

function weights(file: string, { version = "v1", mebibytes, accuracy }: Facts): PublishedWeights {
  const [, hex = ""] = /-([0-9a-f]{8})\.pth$/.exec(file) ?? [];
  const [top1, top5] = accuracy;
  return {
    source: "torchvision",
    version,
    url: `${base}/${file}`,
    checksum: { algorithm: "sha256", hex },
    mebibytes,
    classes: "imagenet-1k",
    preprocessing: {
      ...imageNetScale,
      resize: { size: version === "v1" ? 256 : 232, crop: 224, interpolation: "bilinear", antialias: true },
    },
    accuracy: { top1: top1 / 100, top5: top5 / 100 },
    licence: "BSD-3-Clause",
    sources: ["https://pytorch.org/vision/stable/models.html", ...(version === "v2" ? [secondRecipe] : [])],
  };
}

/** By torchvision's names with `-` for `_`; the best first. */
export const torchvisionWeights = {
  alexnet: [weights("alexnet-owt-7be5be79.pth", { mebibytes: 233.087, accuracy: [56.522, 79.066] })],
  vgg11: [weights("vgg11-8a719046.pth", { mebibytes: 506.84, accuracy: [69.02, 88.628] })],
  "vgg11-bn": [weights("vgg11_bn-6002323d.pth", { mebibytes: 506.881, accuracy: [70.37, 89.81] })],
  vgg13: [weights("vgg13-19584684.pth", { mebibytes: 507.545, accuracy: [69.928, 89.246] })],
  "vgg13-bn": [weights("vgg13_bn-abd245e5.pth", { mebibytes: 507.59, accuracy: [71.586, 90.374] })],
  vgg16: [weights("vgg16-397923af.pth", { mebibytes: 527.796, accuracy: [71.592, 90.382] })],
  "vgg16-bn": [weights("vgg16_bn-6c64b313.pth", { mebibytes: 527.866, accuracy: [73.36, 91.516] })],
  vgg19: [weights("vgg19-dcbb9e9d.pth", { mebibytes: 548.051, accuracy: [72.376, 90.876] })],
  "vgg19-bn": [weights("vgg19_bn-c79401a0.pth", { mebibytes: 548.143, accuracy: [74.218, 91.842] })],
  googlenet: [weights("googlenet-1378be20.pth", { mebibytes: 49.731, accuracy: [69.778, 89.53] })],
  resnet18: [weights("resnet18-f37072fd.pth", { mebibytes: 44.661, accuracy: [69.758, 89.078] })],
  resnet34: [weights("resnet34-b627a593.pth", { mebibytes: 83.275, accuracy: [73.314, 91.42] })],
  resnet50: [
    weights("resnet50-11ad3fa6.pth", { version: "v2", mebibytes: 97.79, accuracy: [80.858, 95.434] }),
    weights("resnet50-0676ba61.pth", { mebibytes: 97.781, accuracy: [76.13, 92.862] }),
  ],
  resnet101: [
    weights("resnet101-cd907fc2.pth", { version: "v2", mebibytes: 170.53, accuracy: [81.886, 95.78] }),
    weights("resnet101-63fe2227.pth", { mebibytes: 170.511, accuracy: [77.374, 93.546] }),
  ],
  resnet152: [
    weights("resnet152-f82ba261.pth", { version: "v2", mebibytes: 230.474, accuracy: [82.284, 96.002] }),
    weights("resnet152-394f9c45.pth", { mebibytes: 230.434, accuracy: [78.312, 94.046] }),
  ],
  "squeezenet1-0": [weights("squeezenet1_0-b66bff10.pth", { mebibytes: 4.778, accuracy: [58.092, 80.42] })],
  "squeezenet1-1": [weights("squeezenet1_1-b8a52dc0.pth", { mebibytes: 4.729, accuracy: [58.178, 80.624] })],
  "mobilenet-v2": [
    weights("mobilenet_v2-7ebf99e0.pth", { version: "v2", mebibytes: 13.598, accuracy: [72.154, 90.822] }),
    weights("mobilenet_v2-b0353104.pth", { mebibytes: 13.555, accuracy: [71.878, 90.286] }),
  ],
} as const satisfies Readonly<Record<string, readonly PublishedWeights[]>>;
