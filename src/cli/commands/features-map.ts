import type { Command } from "commander";
import { pathName, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { WeightsFlags } from "../weights-model.ts";
import { type FitMode, fitOption, modelArgument, threadsOption, verboseOption } from "./common-options.ts";
import { addWeightsOptions } from "./weights-options.ts";

/** Options of `fovea features-map`. */
export interface FeaturesMapFlags extends WeightsFlags {
  readonly out?: string;
  readonly layer?: string;
  readonly maps?: number;
  readonly fit?: FitMode;
  readonly threads?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea features-map`: what each layer makes of images. */
export function registerFeaturesMap(program: Command, terminal: Terminal): void {
  const command = program
    .command("features-map")
    .summary("show what every layer makes of images")
    .description(
      "Shows the outputs of every layer for one or several images side by side, the filters of convolutions, and how far the images " +
        "are apart from layer to layer. An IMAGE is a file, or one of a data set: mnist:test:0.",
    )
    .argument(...modelArgument)
    .argument("<image...>", "image files, or images of data sets as DATA:PART:INDEX");
  addWeightsOptions(command)
    .option(
      "--out <file>",
      "where to: .html a page, .png or .svg a sheet of pictures, .json the numbers, or a folder for all of them (default: maps.html)",
      pathName("--out"),
    )
    .option(
      "--layer <names>",
      "these layers or taps, separated by commas (default: all)",
      pathName("--layer"),
    )
    .option(
      "--maps <n>",
      "maps that are shown of a layer (default: 16)",
      wholeNumber("--maps", { minimum: 1, maximum: 4096 }),
    )
    .option(...fitOption)
    .option(...threadsOption)
    .option("--json", "print one JSON document, without the maps")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (model: string, images: readonly string[], flags: FeaturesMapFlags) => {
      const { withEngine } = await import("../session.ts");
      await withEngine({ ...flags, kernels: "rule" }, async (engine) => {
        const { featuresMap } = await import("../actions/features-map.ts");
        await featuresMap(model, images, flags, engine, terminal);
      });
    });
}

const examples = `
Examples:
  fovea features-map runs/convnet digit3.png digit0.png --out maps.html
  fovea features-map runs/lenet5 mnist:test:0 mnist:test:3 --out maps.png
  fovea features-map resnet18 photo.jpg --weights torchvision --layer layer1,layer2,layer3,layer4
  fovea features-map runs/lenet5 mnist:test:0 --out maps/`;
