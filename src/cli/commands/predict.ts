import type { Command } from "commander";
import { pathName, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { WeightsFlags } from "../weights-model.ts";
import { type FitMode, fitOption, modelArgument, threadsOption, verboseOption } from "./common-options.ts";
import { addWeightsOptions } from "./weights-options.ts";

/** Options of `fovea predict`. */
export interface PredictFlags extends WeightsFlags {
  readonly top?: number;
  readonly logits?: string;
  readonly csv?: string;
  readonly fit?: FitMode;
  readonly batchSize?: number;
  readonly threads?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea predict`: the classes of images. */
export function registerPredict(program: Command, terminal: Terminal): void {
  const command = program
    .command("predict")
    .summary("classify images")
    .description(
      "Classifies images: the likeliest classes with their probabilities. An INPUT is an image file (BMP, binary PGM or PPM; " +
        "JPEG, PNG, WebP, GIF, AVIF and TIFF with the package sharp installed), or a .npy file of shape [N,H,W,C] that is taken as " +
        "already preprocessed (float32) or as pixels from 0 to 255 (uint8). Of a folder, all photos in it and below are classified; what " +
        "cannot be read is told and passed over.",
    )
    .argument(...modelArgument)
    .argument("<input...>", "images, folders of images, or .npy files");
  addWeightsOptions(command)
    .option("--top <k>", "how many classes to print (default: 3)", wholeNumber("--top", { minimum: 1 }))
    .option(
      "--logits <file>",
      "write the raw outputs to a .npy file of shape [N,classes]",
      pathName("--logits"),
    )
    .option(
      "--csv <file>",
      "write a table: path, the likeliest classes with their probabilities, what could not be read",
      pathName("--csv"),
    )
    .option(...fitOption)
    .option(
      "--batch-size <n>",
      "examples at a time (default: 256; photos of folders: 64)",
      wholeNumber("--batch-size", { minimum: 1 }),
    )
    .option(...threadsOption)
    .option("--json", "print one JSON document")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (model: string, inputs: readonly string[], flags: PredictFlags) => {
      const { withEngine } = await import("../session.ts");
      // A prediction takes less time than measuring kernels would. Threads start while the rest is loaded.
      await withEngine({ ...flags, kernels: "rule" }, async (engine) => {
        const { predict } = await import("../actions/predict.ts");
        await predict(model, inputs, flags, engine, terminal);
      });
    });
}

const examples = `
Examples:
  fovea predict runs/lenet5 digit.png
  fovea predict resnet50 photo.jpg --weights torchvision
  fovea predict mobilenet-v1-0.25 photo.jpg --weights tfjs/model.json
  fovea predict model.safetensors *.pgm --top 1
  fovea predict runs/pets holidays/ --csv holidays.csv
  fovea predict runs/lenet5 batch.npy --logits out.npy --json`;
