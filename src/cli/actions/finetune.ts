import { type ImageFolder, imageFolder } from "../../data/index.ts";
import {
  type FinetuneEvent,
  type FinetuneOptions,
  type FinetuneResult,
  finetune,
} from "../../reuse/index.ts";
import { OptionError } from "../../tensor/errors.ts";
import type { EpochRecord } from "../../train/index.ts";
import { RunFolder } from "../../train/run-folder.ts";
import { openBackbone } from "../backbone.ts";
import type { FinetuneFlags } from "../commands/finetune.ts";
import { HeldRun, reportFile } from "../finetune-run.ts";
import { listenForInterruption } from "../interruption.ts";
import { FinetuneRecorder } from "../records/finetune-records.ts";
import { freeFolder } from "../run.ts";
import { withEngine } from "../session.ts";
import { untilStopped } from "../stopped.ts";
import { FileProgress } from "../terminal/file-progress.ts";
import { countsText, problemsText, resultText } from "../terminal/finetune-report.ts";
import { formatCount, formatMetric } from "../terminal/numbers.ts";
import { PhotoProgress } from "../terminal/photo-progress.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { versionsOf } from "../versions.ts";

/** What `fovea finetune` asks for, as `config.json` keeps it. */
export interface FinetuneConfig {
  readonly version: 1;
  readonly kind: "finetune";
  readonly photos: string;
  readonly backbone: string;
  readonly weights: string | null;
  readonly tap: string | null;
  readonly size: number | null;
  readonly seed: number;
  readonly epochs: number;
  readonly validation: number;
  readonly test: number;
  readonly classWeights: "none" | "balanced";
  readonly folds: number;
  readonly unfreeze: readonly string[];
  readonly unfrozen: {
    readonly epochs: number;
    readonly learningRate: number;
    readonly augment: boolean;
    readonly trainStatistics: boolean;
  };
}

/** Makes a classifier of photos, and keeps it in a run's folder. */
export async function finetunePhotos(
  photos: string,
  flags: FinetuneFlags,
  terminal: Terminal,
): Promise<void> {
  checkFlags(flags);
  const folder = await imageFolder(photos);
  const path = flags.out ?? (await freeFolder(folder.name, flags.overwrite ?? false));
  const config = configOf(photos, flags);
  const began = new Date();
  const { overwrite = false } = flags;
  const held = new HeldRun(path);
  try {
    await withEngine({ ...flags, kernels: "rule" }, async (starting) => {
      const engine = await starting;
      // Only what has been found good makes a folder, or takes the place of another run.
      const onReady = async () => {
        const run = await RunFolder.create(path, config, { overwrite, resumable: false });
        held.take(run, new FinetuneRecorder(run, { began, versions: versionsOf(engine) }));
      };
      const result = await perform(folder, config, { flags, engine, terminal, onReady, held });
      await held.keep(result, { report: flags.report, engine });
      if (flags.json === true) printJson(terminal, documentOf(result, path));
      else {
        terminal.out(resultText(result));
        const report = flags.report ? `${path}/${reportFile} shows all of it. ` : "";
        terminal.out(`${report}Use it: fovea predict ${path} PHOTO\n`);
      }
    });
  } finally {
    await held.release();
  }
}

/** @throws OptionError when a flag says how to train what is not unfrozen: it would do nothing */
function checkFlags({
  unfreeze = [],
  unfreezeEpochs,
  unfreezeRate,
  augment,
  trainStatistics,
}: FinetuneFlags) {
  const given = {
    "--unfreeze-epochs": unfreezeEpochs !== undefined,
    "--unfreeze-rate": unfreezeRate !== undefined,
    "--no-augment": !augment,
    "--train-statistics": trainStatistics === true,
  };
  const [flag] = Object.entries(given).find(([, isGiven]) => isGiven) ?? [];
  if (flag === undefined || unfreeze.length > 0) return;
  throw new OptionError("goes with --unfreeze: only what is unfrozen is trained so", {
    where: flag,
    hint: "Say which stages: --unfreeze layer4, or all.",
  });
}

function configOf(photos: string, flags: FinetuneFlags): FinetuneConfig {
  const { backbone, weights = null, tap = null, size = null } = flags;
  const { seed = 1, epochs = 200, validation = 0.1, test = 0.2, classWeights = "none", folds = 0 } = flags;
  const { unfreeze = [], unfreezeEpochs = 5, unfreezeRate = 1e-3, augment, trainStatistics = false } = flags;
  return {
    version: 1,
    kind: "finetune",
    ...{ photos, backbone, weights, tap, size, seed, epochs, validation, test, classWeights, folds },
    unfreeze,
    unfrozen: { epochs: unfreezeEpochs, learningRate: unfreezeRate, augment, trainStatistics },
  };
}

/** What a command works with. */
interface Surroundings extends Required<Pick<FinetuneOptions, "engine" | "onReady">> {
  readonly flags: FinetuneFlags;
  readonly terminal: Terminal;
  readonly held: HeldRun;
}

async function perform(
  photos: ImageFolder,
  { seed, epochs, validation, test, classWeights, folds, unfreeze, unfrozen }: FinetuneConfig,
  { flags, engine, terminal, onReady, held }: Surroundings,
): Promise<FinetuneResult> {
  const files = new FileProgress(terminal);
  const narrator = new Narrator(terminal, flags);
  using interruption = listenForInterruption(() => narrator.say("Stopping; once more ends at once."));
  const { signal } = interruption;
  const options: FinetuneOptions = {
    ...(await openBackbone(flags, engine)),
    ...{ photos, seed, epochs, validation, test, classWeights, folds, unfreeze, unfrozen, signal, onReady },
    cache: flags.cache,
    onCheckpoint: held.saveCheckpoint,
    ...(flags.batchSize === undefined ? {} : { batchSize: flags.batchSize }),
    ...(flags.quiet === true ? {} : { fetch: { onProgress: files.show } }),
  };
  try {
    const tell = (event: FinetuneEvent) => {
      held.tell(event);
      narrator.tell(event);
    };
    const result = await untilStopped("finetune", { signal, keeps: flags.cache }, () =>
      finetune(options, tell),
    );
    for (const line of learnedText(result)) narrator.say(line);
    if (result.cacheProblem !== null) narrator.say(`Features were not kept: ${result.cacheProblem}`);
    return { ...result, versions: versionsOf(engine) };
  } catch (error) {
    if (signal.aborted) await held.stopped();
    if (signal.aborted && held.hasCheckpoint)
      narrator.say(`What was best so far is kept: fovea predict ${held.path} PHOTO`);
    throw error;
  } finally {
    narrator.closeLine();
    files.closeLine();
  }
}

/** Tells on standard error how far it has come. */
class Narrator {
  readonly #terminal: Terminal;
  readonly #quiet: boolean;
  /** What has all that is told in part. */
  readonly #whole: string;
  readonly #progress: PhotoProgress;

  constructor(terminal: Terminal, { quiet = false, report }: FinetuneFlags) {
    this.#terminal = terminal;
    this.#quiet = quiet;
    this.#whole = report ? "the report lists all" : "--json lists all";
    this.#progress = new PhotoProgress(terminal);
  }

  say(line: string): void {
    this.closeLine();
    if (!this.#quiet) this.#terminal.err(`${line}\n`);
  }

  closeLine(): void {
    this.#progress.closeLine();
  }

  tell(event: FinetuneEvent): void {
    if (event.type === "features") {
      if (!this.#quiet) this.#progress.show(event);
      return;
    }
    for (const line of linesOf(event, this.#whole)) this.say(line);
  }
}

function linesOf(event: FinetuneEvent, whole: string): readonly string[] {
  switch (event.type) {
    case "scanned":
      return [`${formatCount(event.photos)} photos of ${formatCount(event.classes.length)} classes`];
    case "backbone": {
      const { name, weights, tap, features, inputShape } = event;
      const size = `${inputShape[1]}x${inputShape[0]}`;
      return [
        `${name} (${weights ?? "as given"}) up to ${tap}: ${formatCount(features)} features of ${size} pixels`,
      ];
    }
    case "split":
      return [...problemsText(event.problems, whole), ...event.notes, countsText(event.counts)];
    case "learning":
      return event.phase === "unfreeze" && event.event.type === "epochEnd" ? [epochText(event.event)] : [];
    default:
      return [];
  }
}

/** An epoch of the whole net takes long enough for a line. */
function epochText({ epoch, loss, validation }: EpochRecord): string {
  const watched = validation === null ? "" : `, validation loss ${formatMetric(validation.loss)}`;
  return `unfrozen, epoch ${epoch + 1}: loss ${formatMetric(loss)}${watched}`;
}

/** How training went: the validation loss is that of the best epoch. */
function learnedText({ head, unfrozen }: FinetuneResult): string[] {
  const text = (what: string, epochs: readonly EpochRecord[], best: number | null) => {
    const validation = best === null ? null : (epochs[best]?.validation ?? null);
    const watched = validation === null ? "" : `, validation loss ${formatMetric(validation.loss)}`;
    return `${what}: ${epochs.length} epochs${watched}`;
  };
  return [
    text("last layer", head.epochs, head.bestEpoch),
    ...(unfrozen === null
      ? []
      : [text(`${unfrozen.stages.join(", ")} unfrozen`, unfrozen.epochs, unfrozen.bestEpoch)]),
    ...(unfrozen !== null && unfrozen.bestEpoch === null
      ? ["No epoch of that was better than the frozen net, which is kept."]
      : []),
  ];
}

/** The result without the model and without what it says of each photo. */
function documentOf(result: FinetuneResult, path: string) {
  const { model: _, dealt: _dealt, test, validation, ...rest } = result;
  return { run: path, ...rest, test: withoutPredictions(test), validation: withoutPredictions(validation) };
}

function withoutPredictions(scores: FinetuneResult["test"]) {
  if (scores === null) return null;
  const { predictions: _, ...rest } = scores;
  return rest;
}
