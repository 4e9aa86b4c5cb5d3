/** What happens to runs, as server-sent events: the records of their `metrics.jsonl` from the beginning, then as they come. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SSEStreamingApi } from "hono/streaming";
import { runFiles } from "../../train/run-folder.ts";
import { MetricsTail, type Place } from "./metrics-tail.ts";
import type { RunCatalog, RunEntry } from "./run-catalog.ts";

/** What a stream tells of. */
export interface WatchedRuns {
  /** Names of the runs whose records are sent. */
  readonly names: readonly string[];
  /** Whether it is told how all runs stand, or these alone. */
  readonly all: boolean;
  /** The `Last-Event-ID` of a browser that was here before. */
  readonly lastEventId: string | null;
}

/** The events, by name, with what they carry as JSON. */
export interface StudioEvents {
  /** How the runs stand: the first event of a stream. */
  readonly runs: { readonly runs: readonly RunEntry[] };
  /** A run is new, or stands otherwise than before. */
  readonly run: RunEntry;
  /** A run is not there any more. */
  readonly gone: { readonly name: string };
  /** The next line of a run's `metrics.jsonl`. */
  readonly record: { readonly name: string; readonly record: unknown };
  /** A run's records begin anew: those that were sent are void. */
  readonly anew: { readonly name: string };
}

/** How often is looked, in milliseconds. */
export interface Pace {
  readonly records: number;
  readonly list: number;
  /** A sign of life on a stream that has nothing to tell: who has gone is noticed by it. */
  readonly heartbeat: number;
}

export const usualPace: Pace = { records: 250, list: 1000, heartbeat: 15_000 };

/** How a browser is to wait before it comes again, in milliseconds. */
const retry = 2000;

/** A run whose records are sent. */
interface Followed {
  readonly name: string;
  folder: string | null;
  tail: MetricsTail | null;
  place: Place | null;
}

/** Tells one client of runs. */
export class RunTeller {
  readonly #stream: SSEStreamingApi;
  readonly #catalog: RunCatalog;
  readonly #pace: Pace;
  readonly #all: boolean;
  readonly #followed: readonly Followed[];
  /** Whether the client may have records that no place is known for. */
  readonly #lost: boolean;
  readonly #told = new Map<string, RunEntry>();

  constructor(stream: SSEStreamingApi, catalog: RunCatalog, watched: WatchedRuns, pace: Pace) {
    this.#stream = stream;
    this.#catalog = catalog;
    this.#pace = pace;
    this.#all = watched.all;
    const { names, lastEventId } = watched;
    const places = lastEventId === null ? null : placesIn(lastEventId, names.length);
    this.#lost = lastEventId !== null && places === null;
    this.#followed = names.map((name, index) => ({
      ...{ name, folder: null, tail: null },
      place: places?.[index] ?? null,
    }));
  }

  /** Tells until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#stream.write(`retry: ${retry}\n\n`);
    let listed = Number.NEGATIVE_INFINITY;
    let lively = performance.now();
    let isFirst = true;
    while (!signal.aborted) {
      let told = false;
      if (performance.now() - listed >= this.#pace.list) {
        listed = performance.now();
        told = await this.#tellRuns(isFirst);
        await this.#find();
        if (isFirst && this.#lost) for (const one of this.#followed) await this.#tellAnew(one);
        isFirst = false;
      }
      for (const one of this.#followed) told = (await this.#tellRecords(one, signal)) || told;
      if (told) lively = performance.now();
      else if (performance.now() - lively >= this.#pace.heartbeat) {
        lively = performance.now();
        await this.#stream.write(": \n\n");
      }
      const pause = this.#followed.length === 0 ? this.#pace.list : this.#pace.records;
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** How the runs stand: all the first time, then what has changed. */
  async #tellRuns(isFirst: boolean): Promise<boolean> {
    const entries = this.#all ? await this.#catalog.list() : await this.#own();
    const changed = entries.filter((entry) => this.#told.get(entry.name) !== entry);
    const names = new Set(entries.map(({ name }) => name));
    const gone = [...this.#told.keys()].filter((name) => !names.has(name));
    for (const name of gone) this.#told.delete(name);
    for (const entry of changed) this.#told.set(entry.name, entry);
    if (isFirst) await this.#send("runs", { runs: entries });
    else for (const entry of changed) await this.#send("run", entry);
    for (const name of gone) await this.#send("gone", { name });
    return isFirst || changed.length + gone.length > 0;
  }

  async #own(): Promise<RunEntry[]> {
    const entries = await Promise.all(this.#followed.map(({ name }) => this.#catalog.find(name)));
    return entries.filter((entry) => entry !== null);
  }

  /** Runs come and go: where they are now. */
  async #find(): Promise<void> {
    for (const one of this.#followed) {
      const folder = await this.#catalog.folderOf(one.name);
      if (folder === one.folder) continue;
      one.folder = folder;
      if (folder !== null) one.tail = new MetricsTail(join(folder, runFiles.metrics), one.place);
      else if (one.tail !== null) {
        one.tail = null;
        await this.#tellAnew(one);
      }
    }
  }

  async #tellAnew(one: Followed): Promise<void> {
    one.place = null;
    await this.#send("anew", { name: one.name });
  }

  /** @returns whether there was anything to tell */
  async #tellRecords(one: Followed, signal: AbortSignal): Promise<boolean> {
    const { name, tail } = one;
    if (tail === null) return false;
    let told = false;
    for await (const event of tail.read()) {
      if (signal.aborted) break;
      told = true;
      if (event.kind === "anew") {
        await this.#tellAnew(one);
        continue;
      }
      one.place = event.place;
      const record = parsedLine(event.text);
      if (record !== undefined) await this.#send("record", { name, record });
    }
    return told;
  }

  async #send<Name extends keyof StudioEvents>(event: Name, data: StudioEvents[Name]): Promise<void> {
    const id = this.#followed
      .map(({ place }) => (place === null ? "-" : `${place.file}:${place.offset}`))
      .join(",");
    await this.#stream.writeSSE({ event, data: JSON.stringify(data), ...(id === "" ? {} : { id }) });
  }
}

/** Where a client stood that comes again. @returns `null` when it is nothing of ours */
function placesIn(id: string, count: number): (Place | null)[] | null {
  const texts = id.split(",");
  if (texts.length !== count) return null;
  const places: (Place | null)[] = [];
  for (const text of texts) {
    const [, file, offset] = /^([\da-z]+\.[\da-z]+):(\d{1,15})$/.exec(text) ?? [];
    if (file === undefined && text !== "-") return null;
    places.push(file === undefined ? null : { file, offset: Number(offset) });
  }
  return places;
}

/** A line's value; `undefined` for one that a killed writer left unfinished. */
export function parsedLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
