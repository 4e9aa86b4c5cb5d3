/**
 * Names that the command line offers. They are lists of their own so that `fovea --help` need not load the library;
 * a test holds them to what the library has.
 */

/** Data sets. */
export const datasetNames = ["mnist", "fashion-mnist", "cifar10", "cifar100"] as const;

/** Models of the zoo. */
export const modelNames = [
  ...[
    "dense",
    "lenet5",
    "lenet5:1998",
    "convnet",
    "convnet-gmp",
    "convnet-blur",
    "convnet-gmp-blur",
    "convnet-bn",
    "alexnet",
    "alexnet:paper",
  ],
  ...["zfnet", "zfnet:512", "googlenet", "googlenet:paper"],
  ...["vgg11", "vgg11-bn", "vgg13", "vgg13-bn", "vgg16", "vgg16-bn", "vgg19", "vgg19-bn"],
  ...["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"],
  ...[
    "resnet18:v1",
    "resnet34:v1",
    "resnet50:v1",
    "resnet101:v1",
    "resnet152:v1",
    "squeezenet1-0",
    "squeezenet1-1",
  ],
  ...["mobilenet-v1", "mobilenet-v1-0.75", "mobilenet-v1-0.5", "mobilenet-v1-0.25", "mobilenet-v2"],
] as const;

/** Optimizers: the library's kinds in lower case, and the two usual faces of SGD. */
export const optimizerNames = ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop"] as const;
export type OptimizerName = (typeof optimizerNames)[number];

/** Losses, by Keras's names. */
export const lossNames = [
  "sparse_categorical_crossentropy",
  "categorical_crossentropy",
  "mean_squared_error",
  "maximum_a_posteriori",
] as const;
export type LossName = (typeof lossNames)[number];

/** What comes in at the edges of moved images. */
export const backgroundNames = ["zeros", "edge"] as const;

/** The two precisions of the engine. */
export const precisionNames = ["fast", "exact"] as const;

/** The forms of `--schedule`, for messages. */
export const scheduleForms = "constant, step:EPOCHS, cosine, one-cycle; each also behind warm-up:EPOCHS+";

/** How `fovea explain` explains. */
export const explainMethods = [
  "grad-cam",
  "occlusion",
  "saliency",
  "smooth-grad",
  "integrated-gradients",
  "deconvnet",
  "guided-backprop",
] as const;

/** Colours of patches and baselines. */
export const explainColours = ["black", "gray", "mean", "zero"] as const;

/** Whose names and layouts weights may have. */
export const conventionNames = ["pytorch", "keras", "fovea"] as const;

/** The file in a run on photos that says which photo was in which part. */
export const runPhotosFile = "photos.csv";
