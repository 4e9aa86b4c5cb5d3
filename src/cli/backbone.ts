import type { Command } from "commander";
import { fileExists, folderExists } from "#host";
import type { Engine } from "../engine/engine.ts";
import type { BackboneOptions } from "../reuse/index.ts";
import { OptionError } from "../tensor/errors.ts";
import { pathName, wholeNumber } from "./options.ts";

/** Options of commands that look at photos through most of a trained net. */
export interface BackboneFlags {
  readonly backbone: string;
  readonly weights?: string;
  readonly tap?: string;
  readonly size?: number;
  /** `--no-cache` makes it false. */
  readonly cache: boolean;
  readonly batchSize?: number;
  readonly threads?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Adds the options of {@link BackboneFlags}. */
export function addBackboneOptions(command: Command, { size }: { readonly size: string }): Command {
  return command
    .requiredOption(
      "--backbone <what>",
      "a model by name (fovea models lists them), a run's folder or a model file",
      pathName("--backbone"),
    )
    .option(
      "--weights <what>",
      "of a backbone by name: torchvision, torchvision:v1, keras (fetched and kept), a file, or an address (default: what is published)",
      pathName("--weights"),
    )
    .option(
      "--tap <name>",
      "where the backbone is cut: a tap or a layer (default: before its last layer)",
      pathName("--tap"),
    )
    .option(
      "--size <pixels>",
      `side of the images that a backbone by name takes (default: ${size})`,
      wholeNumber("--size", { minimum: 16, maximum: 2048 }),
    )
    .option("--cache", "keep features on disk, and take them from there", true)
    .option("--no-cache", "work all features out anew, and keep none")
    .option("--batch-size <n>", "photos at a time (default: 32)", wholeNumber("--batch-size", { minimum: 1 }))
    .option(
      "--threads <n>",
      "threads (default: one for each processor)",
      wholeNumber("--threads", { minimum: 1 }),
    )
    .option("--quiet", "no progress")
    .option("--json", "print one JSON document")
    .option("--verbose", "print a stack trace when something fails");
}

/**
 * The backbone that `--backbone` means: a model by name, or one from a run or a file.
 *
 * @throws OptionError for flags that do not go together; FileError or FormatError when there is no such model
 */
export async function openBackbone(
  { backbone: word, weights, tap, size }: BackboneFlags,
  engine: Engine,
): Promise<BackboneOptions> {
  const cut = tap === undefined ? {} : { tap };
  const { models } = await import("../zoo/index.ts");
  const isFile = (await fileExists(word)) || (await folderExists(word));
  if (models.isZooName(word) || !isFile) {
    return {
      backbone: word,
      engine,
      ...cut,
      ...(weights === undefined ? {} : { weights }),
      ...(size === undefined ? {} : { size }),
    };
  }
  const clash = weights !== undefined ? "--weights" : size !== undefined ? "--size" : null;
  if (clash !== null) {
    throw new OptionError("goes with a backbone by name only", {
      where: clash,
      hint: "A run or a model file has weights and a size of its own.",
    });
  }
  const { loadModel, resolveModel } = await import("./model-reference.ts");
  const { file } = await resolveModel(word);
  return { backbone: await loadModel(file, engine), weights: file, engine, ...cut };
}
