import { fileExists, readFile } from "#host";
import { runFiles } from "./run-folder.ts";

/** Figures of an epoch, as `metrics.jsonl` has them. */
export interface EpochFigures {
  /** Counted from 0. */
  readonly epoch: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly validationLoss: number | null;
  readonly validationAccuracy: number | null;
  readonly milliseconds: number;
}

/** What `metrics.jsonl` tells of a run. */
export interface RunRecords {
  /** Of a last layer that was trained several times, those of the attempt that is kept; of the latest until that is told. */
  readonly epochs: readonly EpochFigures[];
  /** The epoch whose weights a classifier of photos has; `null` of other runs, and before that is told. */
  readonly kept: (EpochFigures & { readonly phase: "head" | "unfreeze" }) | null;
  /** Over the test part; `null` when it was not judged. */
  readonly test: { readonly accuracy: number | null; readonly loss: number | null } | null;
  /** Why training ended; `null` when it has not, or could not say. */
  readonly reason: string | null;
  /** When it began and when it last said something, as ISO 8601. */
  readonly began: string | null;
  readonly ended: string | null;
  /** How long all of it took, where the end tells; `null` where only epochs do. */
  readonly milliseconds: number | null;
  /** How often it went on. */
  readonly resumed: number;
  /** With what it was made at last. */
  readonly versions: Readonly<Record<string, string>>;
  /** Lines that cannot be read. */
  readonly damagedLines: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the records of a run's folder. A line that cannot be read is counted, and the others hold. */
export async function readRunRecords(folder: string): Promise<RunRecords> {
  const file = `${folder}/${runFiles.metrics}`;
  const text = (await fileExists(file)) ? new TextDecoder().decode(await readFile(file)) : "";
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const read = lines.map(parseLine);
  const records = read.filter((record) => record !== null);
  const lastOf = (...types: readonly string[]) =>
    records.findLast(({ type }) => types.includes(String(type)));
  const test = lastOf("test");
  const end = lastOf("trainEnd");
  const start = lastOf("trainBegin", "trainResume");
  // What is behind the end of a run that went on is of the next start.
  const hasEnded =
    end !== undefined && records.lastIndexOf(end) > (start === undefined ? -1 : records.lastIndexOf(start));
  return {
    epochs: countedEpochs(records).map(epochOf),
    kept: keptEpoch(records),
    test: test === undefined ? null : { accuracy: numberIn(test, "accuracy"), loss: numberIn(test, "loss") },
    reason: hasEnded ? textIn(end, "reason") : null,
    began: records.map((record) => textIn(record, "time")).find((time) => time !== null) ?? null,
    ended: records.map((record) => textIn(record, "time")).findLast((time) => time !== null) ?? null,
    milliseconds: hasEnded ? numberIn(end, "milliseconds") : null,
    resumed: records.filter(({ type }) => type === "trainResume").length,
    versions: textsIn(start ?? {}, "versions"),
    damagedLines: read.length - records.length,
  };
}

function countedEpochs(records: readonly Fields[]): Fields[] {
  const all = records.filter(({ type }) => type === "epochEnd");
  const kept = records.findLast(({ type, phase }) => type === "kept" && phase === "head");
  const latest = all.findLast(({ phase }) => phase === "head");
  const { attempt } = kept ?? latest ?? {};
  return all.filter((record) => record["phase"] !== "head" || record["attempt"] === attempt);
}

function keptEpoch(records: readonly Fields[]): RunRecords["kept"] {
  const kept = records.findLast(({ type }) => type === "kept");
  if (kept === undefined) return null;
  const names = ["phase", "attempt", "epoch"] as const;
  const epoch = records.find(
    (record) => record["type"] === "epochEnd" && names.every((name) => record[name] === kept[name]),
  );
  const phase = kept["phase"] === "unfreeze" ? "unfreeze" : "head";
  return epoch === undefined ? null : { ...epochOf(epoch), phase };
}

function parseLine(line: string): Fields | null {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function epochOf(record: Fields): EpochFigures {
  const { validation } = record;
  const watched = isFields(validation) ? validation : {};
  return {
    epoch: numberIn(record, "epoch") ?? 0,
    loss: numberIn(record, "loss"),
    accuracy: numberIn(record, "accuracy"),
    validationLoss: numberIn(watched, "loss"),
    validationAccuracy: numberIn(watched, "accuracy"),
    milliseconds: numberIn(record, "milliseconds") ?? 0,
  };
}

function numberIn(record: Fields, name: string): number | null {
  const { [name]: value } = record;
  return typeof value === "number" ? value : null;
}

function textIn(record: Fields, name: string): string | null {
  const { [name]: value } = record;
  return typeof value === "string" ? value : null;
}

function textsIn(record: Fields, name: string): Record<string, string> {
  const { [name]: value } = record;
  if (!isFields(value)) return {};
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(texts);
}
