/** A run's records as curves over its epochs. */

/** A line of `metrics.jsonl`. */
export type RunRecord = { readonly type: string } & Readonly<Record<string, unknown>>;

/** An epoch as it is drawn. */
export interface EpochPoint {
  /** From 1, through all phases of the run. */
  readonly x: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly validationLoss: number | null;
  readonly validationAccuracy: number | null;
  readonly learningRate: number | null;
}

/** The epochs of a run, in order. */
export interface RunCurve {
  readonly epochs: readonly EpochPoint[];
  /** Behind which epoch layers of the backbone were trained, too; null where they were not. */
  readonly unfrozenFrom: number | null;
}

export function isRecord(value: unknown): value is RunRecord {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/**
 * A classifier of photos is trained in phases: its last layer several times, of which one attempt is kept, then perhaps more
 * layers. Until it is told which attempt is kept the latest is drawn.
 */
export function curveOf(records: readonly RunRecord[]): RunCurve {
  const all = records.filter(({ type }) => type === "epochEnd");
  const heads = all.filter(({ phase }) => phase === "head");
  const kept = records.findLast(({ type, phase }) => type === "kept" && phase === "head");
  const attempt = (kept ?? heads.at(-1))?.["attempt"];
  const drawn = all.filter((record) => record["phase"] !== "head" || record["attempt"] === attempt);
  const unfrozen = drawn.findIndex(({ phase }) => phase === "unfreeze");
  return { epochs: drawn.map(pointOf), unfrozenFrom: unfrozen < 0 ? null : unfrozen };
}

function pointOf(record: RunRecord, index: number): EpochPoint {
  const { validation } = record;
  const watched = typeof validation === "object" && validation !== null ? { ...validation } : {};
  return {
    x: index + 1,
    loss: numberIn(record, "loss"),
    accuracy: numberIn(record, "accuracy"),
    validationLoss: numberIn(watched, "loss"),
    validationAccuracy: numberIn(watched, "accuracy"),
    learningRate: numberIn(record, "learningRate"),
  };
}

function numberIn(fields: Readonly<Record<string, unknown>>, name: string): number | null {
  const { [name]: value } = fields;
  return typeof value === "number" ? value : null;
}
