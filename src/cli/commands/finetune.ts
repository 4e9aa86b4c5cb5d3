import type { Command } from "commander";
import { addBackboneOptions, type BackboneFlags } from "../backbone.ts";
import { choice, decimalNumber, pathName, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Options of `fovea finetune`. */
export interface FinetuneFlags extends BackboneFlags {
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly seed?: number;
  readonly epochs?: number;
  readonly validation?: number;
  readonly test?: number;
  readonly classWeights?: "none" | "balanced";
  readonly folds?: number;
  readonly unfreeze?: readonly string[];
  readonly unfreezeEpochs?: number;
  readonly unfreezeRate?: number;
  /** `--no-augment` makes it false. */
  readonly augment: boolean;
  readonly trainStatistics?: boolean;
  readonly report: boolean;
}

const share = { minimum: 0, maximum: 1, below: true };

/** `fovea finetune`: a classifier of your own from your own photos. */
export function registerFinetune(program: Command, terminal: Terminal): void {
  const command = program
    .command("finetune")
    .summary("make a classifier of your own photos")
    .description(
      "Makes a classifier of photos in folders by class: takes a trained net up to its last layer, and trains a last layer of " +
        "its own on them. PHOTOS is a folder PHOTOS/CLASS/*.jpg, or with train, val and test above the classes, or a CSV file of " +
        "path,label. Unless parts are given, photos are dealt out by class, near-duplicates to one side. The run's folder gets " +
        "config.json, metrics.jsonl, model.safetensors, photos.csv (which photo was in which part) and report.html. What the net " +
        "makes of a photo is kept on disk, so a second run takes seconds.",
    )
    .argument("<photos>", "the folder of photos, or a CSV file");
  addBackboneOptions(command, { size: "9/7 of its own where its features are means, which tells more apart" })
    .option("--out <folder>", "the run's folder (default: runs/PHOTOS)", pathName("--out"))
    .option("--overwrite", "replace the run that is in the folder")
    .option("--seed <n>", "of the split and of training (default: 1)", wholeNumber("--seed", { minimum: 0 }))
    .option(
      "--epochs <n>",
      "the most epochs of the last layer (default: 200)",
      wholeNumber("--epochs", { minimum: 1 }),
    )
    .option(
      "--validation <share>",
      "of the photos, to stop training by (default: 0.1)",
      decimalNumber("--validation", share),
    )
    .option(
      "--test <share>",
      "of the photos, held out to judge by (default: 0.2)",
      decimalNumber("--test", share),
    )
    .option(
      "--class-weights <kind>",
      "balanced: classes of few photos count as much as others; none (default: none)",
      choice("--class-weights", ["none", "balanced"]),
    )
    .option(
      "--folds <n>",
      "judge by so many folds, too: each photo is held out once (default: 0)",
      wholeNumber("--folds", { minimum: 0 }),
    )
    .option(
      "--unfreeze <stage...>",
      "then train these stages of the backbone too, at a lower rate: taps or beginnings of layers' names, or all",
    )
    .option(
      "--unfreeze-epochs <n>",
      "the most epochs of that (default: 5)",
      wholeNumber("--unfreeze-epochs", { minimum: 1 }),
    )
    .option(
      "--unfreeze-rate <rate>",
      "learning rate of the last layer then; a tenth of it is the backbone's (default: 0.001)",
      decimalNumber("--unfreeze-rate", { minimum: 0, above: true }),
    )
    .option("--augment", "change photos at random while unfrozen layers train", true)
    .option("--no-augment", "train unfrozen layers on photos as they are")
    .option("--train-statistics", "train the statistics of batch normalization of unfrozen layers, too")
    .option("--report", "write report.html", true)
    .option("--no-report", "write no report.html")
    .addHelpText("after", examples)
    .action(async (photos: string, flags: FinetuneFlags) => {
      const { finetunePhotos } = await import("../actions/finetune.ts");
      await finetunePhotos(photos, flags, terminal);
    });
}

const examples = `
Examples:
  fovea finetune photos/ --backbone mobilenet-v1-0.25 --weights mobilenet/model.json --out runs/pets
  fovea finetune photos/ --backbone resnet18 --weights torchvision --folds 5
  fovea finetune photos/ --backbone resnet18 --unfreeze layer4 --unfreeze-epochs 10
  fovea finetune list.csv --backbone mobilenet-v2 --class-weights balanced
  fovea predict runs/pets new.jpg --top 3
  fovea evaluate runs/pets`;
