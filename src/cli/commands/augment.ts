import type { Command } from "commander";
import { type AugmentOption, augmentation, augmentationForms } from "../augmentation.ts";
import { pathName, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { verboseOption } from "./common-options.ts";

/** Options of `fovea augment`. */
export interface AugmentFlags {
  readonly preview?: string;
  readonly augment?: AugmentOption | null;
  readonly count?: number;
  readonly draws?: number;
  readonly size?: number;
  readonly seed?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea augment`: what random changes make of images. */
export function registerAugment(program: Command, terminal: Terminal): void {
  program
    .command("augment")
    .summary("show what random changes make of images")
    .description(
      "Draws random changes of a few images as training does, and writes a sheet of them: a row for each image, itself first, " +
        "then what one step after the other would see.",
    )
    .argument(
      "<data>",
      "a folder of photos by class (or a CSV file of path,label), a folder or file of photos, or a data set by name",
    )
    .option("--preview <file>", "the PNG file to write (default: augment.png)", pathName("--preview"))
    .option(
      "--augment <changes>",
      `joined by +: ${augmentationForms} (default: crop:0.4-1+flip+rotate:10+color:0.2)`,
      augmentation("--augment"),
    )
    .option(
      "--count <n>",
      "how many images (default: 4)",
      wholeNumber("--count", { minimum: 1, maximum: 64 }),
    )
    .option(
      "--draws <n>",
      "how many times each is drawn (default: 7)",
      wholeNumber("--draws", { minimum: 1, maximum: 64 }),
    )
    .option(
      "--size <pixels>",
      "side of a photo, as a model would take it (default: 160)",
      wholeNumber("--size", { minimum: 8, maximum: 1024 }),
    )
    .option("--seed <n>", "seed of photos and draws (default: 1)", wholeNumber("--seed", { minimum: 0 }))
    .option("--json", "print one JSON document with the images and the changes")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (data: string, flags: AugmentFlags) => {
      const { augment } = await import("../actions/augment.ts");
      await augment(data, flags, terminal);
    });
}

const examples = `
Examples:
  fovea augment photos/ --preview sheet.png
  fovea augment photos/ --preview sheet.png --augment crop+flip+rand:2,9 --size 224
  fovea augment mnist --augment shift:2+rotate:10+flip@0,1,8 --count 6`;
