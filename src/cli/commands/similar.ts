import type { Command } from "commander";
import { addBackboneOptions, type BackboneFlags } from "../backbone.ts";
import { wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Options of `fovea similar`. */
export interface SimilarFlags extends BackboneFlags {
  readonly top?: number;
}

/** `fovea similar`: photos that look alike to a trained net. */
export function registerSimilar(program: Command, terminal: Terminal): void {
  const command = program
    .command("similar")
    .summary("find photos that look alike")
    .description(
      "Finds the photos of a folder that are nearest to a QUERY in what a trained net sees, by the cosine of their features. " +
        "Without a query it lists photos that are the same or nearly so.",
    )
    .argument("<photos>", "a folder of photos, in folders by class or not, or a CSV file of path,label")
    .argument("[query...]", "photos to find others for");
  addBackboneOptions(command, { size: "its own" })
    .option("--top <k>", "how many photos to find (default: 5)", wholeNumber("--top", { minimum: 1 }))
    .addHelpText("after", examples)
    .action(async (photos: string, queries: readonly string[], flags: SimilarFlags) => {
      const { similar } = await import("../actions/similar.ts");
      await similar(photos, queries, flags, terminal);
    });
}

const examples = `
Examples:
  fovea similar photos/ query.jpg --backbone resnet18 --top 5
  fovea similar photos/ --backbone mobilenet-v2                near-duplicates`;
