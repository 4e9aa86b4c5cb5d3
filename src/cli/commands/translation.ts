import type { Command } from "commander";
import { backgroundNames, datasetNames } from "../names.ts";
import { choice, wholeNumber } from "../options.ts";
import { type OutputFile, outputFile } from "../output-file.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { threadsOption, verboseOption } from "./common-options.ts";

/** What `--out` may be. */
export const outputKinds = ["html", "svg", "png", "json", "csv"] as const;

/** Options of `fovea translation`. */
export interface TranslationFlags {
  readonly data?: string;
  readonly maxShift?: number;
  readonly limit?: number;
  readonly background?: (typeof backgroundNames)[number];
  readonly examples?: number;
  readonly batchSize?: number;
  readonly threads?: number;
  readonly out?: OutputFile<(typeof outputKinds)[number]>;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea translation`: how models bear that their images are moved. */
export function registerTranslation(program: Command, terminal: Terminal): void {
  program
    .command("translation")
    .summary("what moves of the images do to trained models, as heat maps")
    .description(
      "Moves the test images by every number of pixels up to --max-shift each way, and judges each model on all of them: " +
        "accuracy, loss, and consistency, the share of predictions that the move leaves as they were. --out writes heat maps " +
        "side by side, curves by distance, and images that small moves flip.",
    )
    .argument("<models...>", "runs' folders, or model files (.safetensors, .onnx, .keras, .h5, model.json)")
    .option(
      "--data <name>",
      `${datasetNames.join(", ")}, or a folder of IDX files or of CIFAR's (default: the first run's data, else mnist)`,
    )
    .option(
      "--max-shift <n>",
      "pixels each way at most (default: 6)",
      wholeNumber("--max-shift", { minimum: 1, maximum: 64 }),
    )
    .option(
      "--limit <n>",
      "the first N images only, for a quick look",
      wholeNumber("--limit", { minimum: 1 }),
    )
    .option(
      "--background <name>",
      "what comes in: zeros, or the pixels of the edge (default: zeros)",
      choice("--background", backgroundNames),
    )
    .option(
      "--examples <n>",
      "images that flip, of each model (default: 12)",
      wholeNumber("--examples", { minimum: 0, maximum: 200 }),
    )
    .option("--out <file>", "report.html, or .svg, .png, .json, .csv", outputFile("--out", outputKinds))
    .option(
      "--batch-size <n>",
      "images at a time (default: 256)",
      wholeNumber("--batch-size", { minimum: 1 }),
    )
    .option(...threadsOption)
    .option("--quiet", "no progress")
    .option("--json", "print one JSON document with all figures")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (models: readonly string[], flags: TranslationFlags) => {
      const { translation } = await import("../actions/translation.ts");
      await translation(models, flags, terminal);
    });
}

const examples = `
Examples:
  fovea translation runs/dense runs/convnet --max-shift 6 --out report.html
  fovea translation runs/convnet --limit 1000 --json
  fovea experiment translation        trains the nets first, and explains`;
