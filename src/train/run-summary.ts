import { fileStamp, isFolderLocked } from "#host";
import { FoveaError } from "../tensor/index.ts";
import { readRunConfig, runFiles } from "./run-folder.ts";
import { type RunRecords, readRunRecords } from "./run-records.ts";

/**
 * How a run stands: it has ended; it was stopped, and goes on with `--resume`; a process is at it; it ended without a word,
 * as when it is killed; it has not come to its first epoch; its folder cannot be read.
 */
export type RunState = "finished" | "interrupted" | "running" | "killed" | "begun" | "damaged";

/** A run as `fovea runs` lists it. */
export interface RunSummary {
  /** Its folder. */
  readonly run: string;
  readonly state: RunState;
  /** What is wrong with the folder; `null` when nothing is. */
  readonly problem: string | null;
  /** The network that was trained, or that it builds on. */
  readonly model: string | null;
  /** The data set, or the photos. */
  readonly data: string | null;
  /** Epochs that are done, and those that were asked for. */
  readonly epochs: number;
  readonly plannedEpochs: number | null;
  /** Whether the backbone of a classifier of photos is as it was, or was trained, too, and did better so; `null` of other runs. */
  readonly backbone: "frozen" | "unfrozen" | null;
  /** Of the last epoch; of the one that is kept, where that is told. */
  readonly loss: number | null;
  readonly validationLoss: number | null;
  readonly validationAccuracy: number | null;
  /** The best of all epochs; of the one that is kept, where that is told. */
  readonly bestValidationAccuracy: number | null;
  readonly testLoss: number | null;
  readonly testAccuracy: number | null;
  /** When it began, as ISO 8601. */
  readonly began: string | null;
  /** Time of all epochs, and of what came before them where it is known. */
  readonly milliseconds: number;
  /** How often it went on. */
  readonly resumed: number;
  readonly versions: Readonly<Record<string, string>>;
  /** As in its `config.json`; empty when that cannot be read. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Reads what there is to know of the run in a folder. What is damaged is said in the result. */
export async function summarizeRun(run: string): Promise<RunSummary> {
  const problems: string[] = [];
  const config = await attempt(() => readConfig(run), {}, problems);
  const records = await attempt(() => readRunRecords(run), noRecords, problems);
  const isDamaged = problems.length > 0;
  if (records.damagedLines > 0) {
    problems.push(`${records.damagedLines} lines of ${runFiles.metrics} cannot be read`);
  }
  const { kept } = records;
  const last = kept ?? records.epochs.at(-1);
  const accuracies = (kept === null ? records.epochs : [kept]).flatMap(
    ({ validationAccuracy }) => validationAccuracy ?? [],
  );
  return {
    run,
    state: isDamaged ? "damaged" : await stateOf(run, records),
    problem: problems.length === 0 ? null : problems.join("; "),
    model: textOf(config, "model") ?? textOf(config, "backbone"),
    data: textOf(config, "data") ?? textOf(config, "photos"),
    epochs: records.epochs.length,
    plannedEpochs: typeof config["epochs"] === "number" ? config["epochs"] : null,
    backbone: kept === null ? null : kept.phase === "head" ? "frozen" : "unfrozen",
    loss: last?.loss ?? null,
    validationLoss: last?.validationLoss ?? null,
    validationAccuracy: last?.validationAccuracy ?? null,
    bestValidationAccuracy: accuracies.length === 0 ? null : Math.max(...accuracies),
    testLoss: records.test?.loss ?? null,
    testAccuracy: records.test?.accuracy ?? null,
    began: records.began ?? (await madeAt(run)),
    milliseconds:
      records.milliseconds ?? records.epochs.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
    resumed: records.resumed,
    versions: records.versions,
    config,
  };
}

const noRecords: RunRecords = {
  ...{ epochs: [], kept: null, test: null, reason: null, began: null, ended: null },
  ...{ milliseconds: null, resumed: 0, versions: {}, damagedLines: 0 },
};

async function attempt<Result>(
  read: () => Promise<Result>,
  otherwise: Result,
  problems: string[],
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof FoveaError)) throw error;
    problems.push(error.what);
    return otherwise;
  }
}

async function readConfig(run: string): Promise<Readonly<Record<string, unknown>>> {
  const config = await readRunConfig(run);
  return typeof config === "object" && config !== null ? Object.fromEntries(Object.entries(config)) : {};
}

async function stateOf(run: string, { reason, epochs, test }: RunRecords): Promise<RunState> {
  if (await isFolderLocked(run)) return "running";
  if (reason === "interrupted") return "interrupted";
  if (reason !== null || test !== null || (await hasBytes(`${run}/${runFiles.model}`))) return "finished";
  return epochs.length > 0 || (await hasBytes(`${run}/${runFiles.checkpoint}`)) ? "killed" : "begun";
}

async function hasBytes(file: string): Promise<boolean> {
  const stamp = await fileStamp(file);
  return stamp !== null && stamp.size > 0;
}

/** When the folder's configuration was written: runs that do not say when they began are as old as that. */
async function madeAt(run: string): Promise<string | null> {
  const stamp = await fileStamp(`${run}/${runFiles.config}`);
  return stamp === null ? null : new Date(stamp.modified).toISOString();
}

function textOf(config: Readonly<Record<string, unknown>>, name: string): string | null {
  const { [name]: value } = config;
  return typeof value === "string" ? value : null;
}
