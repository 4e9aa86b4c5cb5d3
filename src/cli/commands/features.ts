import type { Command } from "commander";
import { addBackboneOptions, type BackboneFlags } from "../backbone.ts";
import { pathName } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Options of `fovea features`. */
export interface FeaturesFlags extends BackboneFlags {
  readonly out: string;
}

/** `fovea features`: what a trained net makes of photos, for other tools. */
export function registerFeatures(program: Command, terminal: Terminal): void {
  const command = program
    .command("features")
    .summary("write what a trained net makes of photos")
    .description(
      "Writes the features that a trained net has for each photo at a tap, for other tools: .npz and .safetensors with features " +
        "[N,D], labels and paths, .npy with features alone, .csv with a line a photo. Features on a grid become their mean over it. " +
        "Photos that cannot be read are listed, and have no row.",
    )
    .argument("<photos>", "a folder of photos, in folders by class or not, or a CSV file of path,label");
  addBackboneOptions(command, { size: "its own" })
    .requiredOption("--out <file>", "the file: .npz, .npy, .safetensors or .csv", pathName("--out"))
    .addHelpText("after", examples)
    .action(async (photos: string, flags: FeaturesFlags) => {
      const { writeFeatures } = await import("../actions/features.ts");
      await writeFeatures(photos, flags, terminal);
    });
}

const examples = `
Examples:
  fovea features photos/ --backbone resnet18 --tap layer4 --out features.npz
  fovea features photos/ --backbone mobilenet-v2 --out features.csv`;
