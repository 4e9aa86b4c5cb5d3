/** A run as `fovea train` starts it or goes on with it: its configuration, its folder, and where it stands. */
import { folderExists } from "#host";
import { OptionError } from "../tensor/errors.ts";
import { type Checkpoint, decodeCheckpoint } from "../train/index.ts";
import { RunFolder, readRunCheckpoint, readRunConfig, runFiles } from "../train/run-folder.ts";
import type { TrainFlags } from "./commands/train.ts";
import {
  configFromFile,
  configFromFlags,
  resumedConfig,
  type TrainConfig,
  type TrainSettings,
} from "./config.ts";
import { settingsByRecipe } from "./recipes.ts";

/** What is to be trained, and from where. The folder is taken only when `open` is called. */
export interface PlannedRun {
  readonly config: TrainConfig;
  readonly path: string;
  /**
   * Takes the folder. Called when data and model have been found good, so that a failure leaves no folder behind.
   *
   * @param config - with what was found of the data
   */
  readonly open: (config: TrainConfig) => Promise<OpenRun>;
}

/** A run whose folder is held. */
export interface OpenRun {
  readonly folder: RunFolder;
  readonly resumeFrom: Checkpoint | null;
}

/**
 * Reads the flags.
 *
 * @throws OptionError for flags that do not go together, FileError or FormatError for a run that cannot be resumed
 */
export async function planRun(flags: TrainFlags): Promise<PlannedRun> {
  const settings = settingsOf(flags);
  return flags.resume === undefined
    ? planNewRun(flags, settings)
    : planResumedRun(flags, settings, flags.resume);
}

async function planNewRun(
  { out, overwrite = false }: TrainFlags,
  settings: TrainSettings,
): Promise<PlannedRun> {
  const config = configFromFlags(settings);
  const path = out ?? (await freeFolder(config.model, overwrite));
  return {
    config,
    path,
    open: async (settled) => ({
      folder: await RunFolder.create(path, settled, { overwrite }),
      resumeFrom: null,
    }),
  };
}

async function planResumedRun(
  { out, overwrite, recipe }: TrainFlags,
  settings: TrainSettings,
  path: string,
): Promise<PlannedRun> {
  const clash = out !== undefined ? "--out" : overwrite === true ? "--overwrite" : null;
  const hint =
    clash === null ? "A resumed run keeps its configuration." : "A resumed run stays in its folder.";
  if (clash !== null || recipe !== undefined) {
    throw new OptionError("cannot be used together with --resume", { where: clash ?? "--recipe", hint });
  }
  const stored = configFromFile(await readRunConfig(path), `${path}/${runFiles.config}`);
  const config = resumedConfig(stored, settings, path);
  return { config, path, open: (settled) => openResumedRun(path, stored, settled) };
}

async function openResumedRun(path: string, stored: TrainConfig, config: TrainConfig): Promise<OpenRun> {
  const folder = await RunFolder.open(path);
  try {
    const bytes = await readRunCheckpoint(path);
    const resumeFrom = bytes === null ? null : decodeCheckpoint(bytes, { name: folder.file("checkpoint") });
    const done = resumeFrom?.training.epoch ?? 0;
    if (config.epochs < done) {
      throw new OptionError(`the run has ${done} epochs behind it already, more than ${config.epochs}`, {
        where: "--epochs",
        hint: "Give the number of epochs in all, those done included.",
      });
    }
    if (config.epochs !== stored.epochs) await folder.writeConfig(config);
    return { folder, resumeFrom };
  } catch (error) {
    await folder.release();
    throw error;
  }
}

/** The part of the flags that a run's configuration holds. */
function settingsOf(flags: TrainFlags): TrainSettings {
  const { out, resume, overwrite, findRate, recipe, threads, quiet, json, verbose, strict, ...settings } =
    flags;
  // It is true also where nothing was said.
  return settingsByRecipe(recipe, strict === false ? { ...settings, strict } : settings);
}

/** `runs/lenet5`, or the first of `runs/lenet5-2`, `runs/lenet5-3`, ... that is not there. */
export async function freeFolder(model: string, overwrite: boolean): Promise<string> {
  // A name with slashes is no model's; what is wrong with it is said later.
  const first = `runs/${model.replaceAll(/[^\w.-]/g, "_")}`;
  if (overwrite) return first;
  for (let number = 1; ; number++) {
    const path = number === 1 ? first : `${first}-${number}`;
    if (!(await folderExists(path))) return path;
  }
}
