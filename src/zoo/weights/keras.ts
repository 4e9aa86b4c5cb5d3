/**
 * Keras's weights (`keras.applications`, Keras 3.15). The md5 is Keras's own; for MobileNet it gives none, and for no file a
 * size. What Keras does not say is how an image is brought to 224 pixels: its shorter side to 256 and the middle cut out, as
 * single-crop accuracies are usually measured.
 */
import type { PreprocessingOptions } from "../../models/index.ts";
import type { PublishedWeights } from "./published.ts";

const base = "https://storage.googleapis.com/tensorflow/keras-applications";

/** Bytes to [-1, 1], as `preprocess_input` does in its mode "tf". */
const centred: PreprocessingOptions = { scale: 1 / 127.5, offset: -1 };

/** Blue, green, red, less ImageNet's mean: the mode "caffe", which the nets' authors used. */
const caffe: PreprocessingOptions = {
  scale: 1,
  offset: [-103.939, -116.779, -123.68],
  channelOrder: "bgr",
};

interface Facts {
  readonly md5?: string;
  readonly preprocessing: PreprocessingOptions;
  /** Percent of the validation images. */
  readonly accuracy: readonly [top1: number, top5: number];
  readonly licence: string;
  readonly sources?: readonly string[];
}

function weights(path: string, facts: Facts): readonly [PublishedWeights] {
  const { md5, preprocessing, accuracy, licence, sources = [] } = facts;
  const [top1, top5] = accuracy;
  return [
    {
      source: "keras",
      version: "v1",
      url: `${base}/${path}`,
      checksum: md5 === undefined ? null : { algorithm: "md5", hex: md5 },
      mebibytes: null,
      classes: "imagenet-1k",
      preprocessing: {
        ...preprocessing,
        resize: { size: 256, crop: 224, interpolation: "bilinear", antialias: true },
      },
      accuracy: { top1: top1 / 100, top5: top5 / 100 },
      licence,
      sources: ["https://keras.io/api/applications/", ...sources],
    },
  ];
}

/** Google's: accuracies are those of the checkpoints that Keras converted, per width. */
const mobileNet = {
  preprocessing: centred,
  licence: "Apache-2.0",
  sources: ["https://github.com/tensorflow/models/blob/master/research/slim/nets/mobilenet_v1.md"],
};
/** Converted from the authors' Caffe models. */
const resNet = {
  preprocessing: caffe,
  licence: "MIT",
  sources: ["https://github.com/KaimingHe/deep-residual-networks"],
};
/** Converted from the Caffe models of the Visual Geometry Group, Oxford. */
const vgg = {
  preprocessing: caffe,
  licence: "CC-BY-4.0",
  sources: ["https://www.robots.ox.ac.uk/~vgg/research/very_deep/"],
};

const kernels = "weights_tf_dim_ordering_tf_kernels.h5";

/** By our names. */
export const kerasWeights = {
  vgg16: weights(`vgg16/vgg16_${kernels}`, {
    ...vgg,
    md5: "64373286793e3c8b2b4e3219cbf3544b",
    accuracy: [71.3, 90.1],
  }),
  vgg19: weights(`vgg19/vgg19_${kernels}`, {
    ...vgg,
    md5: "cbe5617147190e668d6c5d5026f83318",
    accuracy: [71.3, 90.0],
  }),
  "resnet50:v1": weights(`resnet/resnet50_${kernels}`, {
    ...resNet,
    md5: "2cb95161c43110f7111970584f804107",
    accuracy: [74.9, 92.1],
  }),
  "resnet101:v1": weights(`resnet/resnet101_${kernels}`, {
    ...resNet,
    md5: "f1aeb4b969a6efcfb50fad2f0c20cfc5",
    accuracy: [76.4, 92.8],
  }),
  "resnet152:v1": weights(`resnet/resnet152_${kernels}`, {
    ...resNet,
    md5: "100835be76be38e30d865e96f2aaae62",
    accuracy: [76.6, 93.1],
  }),
  "mobilenet-v1": weights("mobilenet/mobilenet_1_0_224_tf.h5", { ...mobileNet, accuracy: [70.9, 89.9] }),
  "mobilenet-v1-0.75": weights("mobilenet/mobilenet_7_5_224_tf.h5", {
    ...mobileNet,
    accuracy: [68.4, 88.2],
  }),
  "mobilenet-v1-0.5": weights("mobilenet/mobilenet_5_0_224_tf.h5", { ...mobileNet, accuracy: [63.3, 84.9] }),
  "mobilenet-v1-0.25": weights("mobilenet/mobilenet_2_5_224_tf.h5", {
    ...mobileNet,
    accuracy: [49.8, 74.2],
  }),
} as const satisfies Readonly<Record<string, readonly PublishedWeights[]>>;
