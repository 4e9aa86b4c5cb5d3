import type { Command } from "commander";
import { explainColours, explainMethods } from "../names.ts";
import { choice, decimalNumber, nameList, pathName, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { WeightsFlags } from "../weights-model.ts";
import { type FitMode, fitOption, modelArgument, threadsOption, verboseOption } from "./common-options.ts";
import { addWeightsOptions } from "./weights-options.ts";

/** Options of `fovea explain`. */
export interface ExplainFlags extends WeightsFlags {
  readonly out?: string;
  readonly method?: readonly ((typeof explainMethods)[number] | "all")[];
  readonly class?: string;
  readonly top?: number;
  readonly layer?: string;
  readonly patch?: number;
  readonly stride?: number;
  readonly fill?: (typeof explainColours)[number];
  readonly samples?: number;
  readonly noise?: number;
  readonly seed?: number;
  readonly steps?: number;
  readonly baseline?: (typeof explainColours)[number];
  readonly fit?: FitMode;
  readonly batchSize?: number;
  readonly threads?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea explain`: what each pixel of a photo counts for a class. */
export function registerExplain(program: Command, terminal: Terminal): void {
  const command = program
    .command("explain")
    .summary("show what a model looks at in photos")
    .description(
      "Shows what each pixel of a photo counts for the likeliest classes, or for one that is named, by several methods side by side, as " +
        "a page that holds all that it shows. What cannot be read is told, and the others go on.",
    )
    .argument(...modelArgument)
    .argument(
      "<photo...>",
      "image files, folders of them, or images of data sets as DATA:PART:INDEX: mnist:test:0",
    );
  addWeightsOptions(command)
    .option(
      "--out <file>",
      "where to: .html a page, .png or .svg a sheet of pictures, .json the numbers, or a folder for all of them with each map as a picture (default: explanation.html)",
      pathName("--out"),
    )
    .option(
      "--method <names>",
      `all, or some of ${explainMethods.join(", ")} (default: all)`,
      nameList("--method", ["all", ...explainMethods]),
    )
    .option(
      "--class <name>",
      "explain this class, by name or number (default: the likeliest)",
      pathName("--class"),
    )
    .option(
      "--top <k>",
      "explain so many of the likeliest classes (default: 2)",
      wholeNumber("--top", { minimum: 1 }),
    )
    .option(
      "--layer <name>",
      "grad-cam: the layer (default: the last with rows and columns)",
      pathName("--layer"),
    )
    .option(
      "--patch <pixels>",
      "occlusion: side of the patch (default: an eighth of the image)",
      wholeNumber("--patch", { minimum: 1 }),
    )
    .option(
      "--stride <pixels>",
      "occlusion: from patch to patch (default: half of the patch)",
      wholeNumber("--stride", { minimum: 1 }),
    )
    .option(
      "--fill <colour>",
      `occlusion: colour of the patch: ${explainColours.join(", ")} (default: mean, of the image)`,
      choice("--fill", explainColours),
    )
    .option(
      "--samples <n>",
      "smooth-grad: noisy copies (default: 25)",
      wholeNumber("--samples", { minimum: 1 }),
    )
    .option(
      "--noise <share>",
      "smooth-grad: deviation of the noise, of the image's range (default: 0.15)",
      decimalNumber("--noise", { minimum: 0 }),
    )
    .option(
      "--seed <n>",
      "smooth-grad: seed of the noise (default: 0)",
      wholeNumber("--seed", { minimum: 0 }),
    )
    .option(
      "--steps <n>",
      "integrated-gradients: points on the way (default: 50)",
      wholeNumber("--steps", { minimum: 1 }),
    )
    .option(
      "--baseline <colour>",
      `integrated-gradients: where the way begins: ${explainColours.join(", ")} (default: black)`,
      choice("--baseline", explainColours),
    )
    .option(...fitOption)
    .option(
      "--batch-size <n>",
      "images, copies, steps or patches at a time (default: 16, or what memory holds)",
      wholeNumber("--batch-size", { minimum: 1 }),
    )
    .option(...threadsOption)
    .option("--json", "print one JSON document, without the maps")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (model: string, photos: readonly string[], flags: ExplainFlags) => {
      const { withEngine } = await import("../session.ts");
      await withEngine(flags, async (engine) => {
        const { explain } = await import("../actions/explain.ts");
        await explain(model, photos, flags, engine, terminal);
      });
    });
}

const examples = `
Examples:
  fovea explain runs/pets photo.jpg --out report.html
  fovea explain resnet18 photo.jpg --weights torchvision --class "tiger cat" --method grad-cam,occlusion
  fovea explain runs/lenet5 mnist:test:0 --out maps/`;
