import type { Command } from "commander";
import { augmentation, augmentationForms } from "../augmentation.ts";
import type { TrainSettings } from "../config.ts";
import {
  datasetNames,
  lossNames,
  modelNames,
  optimizerNames,
  precisionNames,
  scheduleForms,
} from "../names.ts";
import {
  choice,
  classWeights,
  decimalNumber,
  flagOf,
  imageSize,
  keyName,
  layerRates,
  pathName,
  wholeNumber,
} from "../options.ts";
import { type RecipeName, recipeNames, recipes } from "../recipes.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { threadsOption, verboseOption } from "./common-options.ts";

/** Options of `fovea train` that are not part of a run's configuration. */
export interface TrainFlags extends TrainSettings {
  readonly out?: string;
  readonly resume?: string;
  readonly recipe?: RecipeName;
  readonly overwrite?: boolean;
  readonly findRate?: boolean;
  readonly threads?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

const fraction = { minimum: 0, maximum: 1, below: true };

/** `fovea train`: trains a model into a run's folder, or goes on with one. */
export function registerTrain(program: Command, terminal: Terminal): void {
  const command = program
    .command("train")
    .summary("train a model")
    .description(
      "Trains a model by name, and keeps it in a folder: config.json, metrics.jsonl, event files for TensorBoard, " +
        "checkpoint.safetensors (after each epoch and every ten seconds, less often if large) and, at the end, model.safetensors. Ctrl-C stops after the " +
        "running step, saves, and says how to go on. Weights depend on the configuration alone: not on the number of " +
        "threads, and not on whether a run was stopped and resumed.",
    );
  addWhat(command);
  addHow(command);
  command
    .option(
      "--out <folder>",
      "the run's folder (default: runs/MODEL, or runs/MODEL-2 and so on where there is one)",
      pathName("--out"),
    )
    .option(
      "--find-rate",
      "train a hundred steps at rising rates, tell which rate suits the other flags, and keep nothing",
    )
    .option("--overwrite", "replace the run that is in the folder")
    .option(
      "--resume <folder>",
      "go on with a run; --epochs may add epochs, other flags must be those of the run",
      pathName("--resume"),
    )
    .option(...threadsOption)
    .option("--quiet", "no progress")
    .option("--json", "print one JSON document with accuracy and loss of the test part")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (flags: TrainFlags) => {
      const { train } = await import("../actions/train.ts");
      await train(flags, terminal);
    });
}

function addWhat(command: Command): void {
  command
    .option(
      "--recipe <name>",
      `settings that go together; other flags win over them. ${recipeText()}`,
      choice("--recipe", recipeNames),
    )
    .option(
      "--data <name>",
      `${datasetNames.join(", ")} (fetched and kept if they are not here), a folder of IDX files or of CIFAR's, or photos: a folder ` +
        "for each class, or train, val and test with such folders, or a CSV file of path,label,part (default: mnist)",
    )
    .option(
      "--image-size <size>",
      "what photos become: SIDE, HEIGHTxWIDTH, or HEIGHTxWIDTHxCHANNELS, 3 for colour and 1 for gray (default: the model's usual input)",
      imageSize("--image-size"),
    )
    .option("--model <name>", `${modelNames.join(", ")} (default: lenet5)`)
    .option(
      "--weights <what>",
      "start from these weights: torchvision, torchvision:v1, keras (fetched and kept), a file, or an address; with another " +
        "number of classes together with --no-strict",
      pathName("--weights"),
    )
    .option("--strict", "all weights must fit the model", true)
    .option("--no-strict", "take what fits of the weights; the rest is fresh")
    .option(
      "--limit <n>",
      "train on the first N examples only; of photos, on N that the seed draws, of each class its share",
      wholeNumber("--limit", { minimum: 1 }),
    )
    .option(
      "--test-split <share>",
      "of photos without parts, the share that the run is judged by (default: 0.2)",
      decimalNumber("--test-split", { ...fraction, above: true }),
    )
    .option(
      "--validation-split <share>",
      "hold back the last share of the training part, of photos a share of each class, and watch it after each epoch (default: 0, watch the test part)",
      decimalNumber("--validation-split", fraction),
    )
    .option(
      "--augment <changes>",
      `random changes of the training images, joined by +, each with @CLASS,CLASS for some classes only: ${augmentationForms}; none`,
      augmentation("--augment"),
    );
}

/** `fast: what it is for (--model x --epochs 2 ...)`. */
function recipeText(): string {
  return recipeNames
    .map((name) => {
      const { description, settings } = recipes[name];
      const flags = Object.entries(settings).map(([key, value]) => `${flagOf(key)} ${value}`);
      return `${name}: ${description} (${flags.join(" ")})`;
    })
    .join("; ");
}

function addHow(command: Command): void {
  command
    .option(
      "--epochs <n>",
      "times over the training part (default: 5)",
      wholeNumber("--epochs", { minimum: 1 }),
    )
    .option(
      "--batch-size <n>",
      "examples in a step (default: 128)",
      wholeNumber("--batch-size", { minimum: 1 }),
    )
    .option(
      "--optimizer <name>",
      `${optimizerNames.join(", ")} (default: adam)`,
      choice("--optimizer", optimizerNames, keyName),
    )
    .option(
      "--learning-rate <rate>",
      "(default: the optimizer's)",
      decimalNumber("--learning-rate", { minimum: 0 }),
    )
    .option(
      "--learning-rates <list>",
      "LAYERS:FACTOR,... multiplies the rate for layers of that name, and of names that go on with a dot; * for all; the " +
        "last that matches counts, and 0 leaves them as they are",
      layerRates("--learning-rates"),
    )
    .option("--schedule <form>", `${scheduleForms} (default: constant)`)
    .option(
      "--weight-decay <rate>",
      "decoupled weight decay (default: the optimizer's)",
      decimalNumber("--weight-decay", { minimum: 0 }),
    )
    .option(
      "--clip-norm <limit>",
      "scale the gradients down where their norm is greater (default: never)",
      decimalNumber("--clip-norm", { minimum: 0, above: true }),
    )
    .option(
      "--loss <name>",
      `${lossNames.join(", ")} (default: ${lossNames[0]})`,
      choice("--loss", lossNames, keyName),
    )
    .option("--label-smoothing <share>", "(default: 0)", decimalNumber("--label-smoothing", fraction))
    .option(
      "--class-weights <list>",
      "how much an example of each class counts: numbers separated by commas, or balanced (default: all alike)",
      classWeights("--class-weights"),
    )
    .option(
      "--ema <momentum>",
      "average the weights over the steps, keeping this share at each, as 0.999; the averages are the model (default: none)",
      decimalNumber("--ema", fraction),
    )
    .option(
      "--gradient-accumulation <n>",
      "compute each batch in so many pieces, for batches that memory does not hold (default: 1)",
      wholeNumber("--gradient-accumulation", { minimum: 1 }),
    )
    .option("--seed <n>", "seed of all that is random (default: 1)", wholeNumber("--seed", { minimum: 0 }))
    .option(
      "--precision <kind>",
      "fast, or exact: the same bits on every machine (default: fast)",
      choice("--precision", precisionNames),
    );
}

const examples = `
Examples:
  fovea train
  fovea train --data mnist --recipe fast                 99 % on the test digits in a few seconds
  fovea train --data mnist --model lenet5 --epochs 5 --batch-size 128 --optimizer adam --learning-rate 1e-3 \\
      --seed 1 --out runs/lenet5
  fovea train --data fashion-mnist --model convnet-bn --epochs 10
  fovea train --model convnet-gmp --augment shift:2 --schedule warm-up:1+cosine --validation-split 0.1
  fovea train --model resnet18 --weights torchvision --no-strict --data path/to/idx --learning-rate 1e-3 \\
      --learning-rates "*:0.1,fc:1"
  fovea train --model resnet18 --data path/to/idx --optimizer momentum --find-rate
  fovea train --data photos --model resnet18 --image-size 64 --batch-size 32 --augment flip --out runs/pets
  fovea train --resume runs/lenet5 --epochs 8
  fovea train --data path/to/idx --model dense --json > result.json`;
