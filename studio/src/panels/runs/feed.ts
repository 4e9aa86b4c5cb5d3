/** What the server tells of runs: how they stand, and the records of those that are chosen, as they are written. */
import { batch, signal } from "@preact/signals";
import type { HostAnswer, RunEntry, StudioEvents } from "fovea/server";
import { isRecord, type RunRecord } from "./records.ts";

/** Whether this page comes from `fovea studio`: a host of files has no runs. */
export const host = signal<HostAnswer | "unknown" | "none">("unknown");
/** All runs, the latest first; null until the server has told. */
export const runs = signal<readonly RunEntry[] | null>(null);
/** Of the chosen runs, by name. */
export const records = signal<ReadonlyMap<string, readonly RunRecord[]>>(new Map());
/** Names of the runs that are looked at, in the order in which they were chosen. */
export const chosen = signal<readonly string[]>([]);
/** Whether the server cannot be reached at the moment. */
export const isLost = signal(false);

/** As many as there are colours to tell them apart. */
export const mostChosen = 6;
/** How long to wait before a stream that the server has refused is asked for again, in milliseconds. */
const patience = 3000;

let source: EventSource | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
/** Records that have come and are not shown yet: a long run sends thousands at once. */
let coming: Map<string, RunRecord[]> = new Map();
let isShowing = false;

/** Begins to listen. @returns what ends it */
export function listen(): () => void {
  void findHost();
  connect();
  return disconnect;
}

async function findHost(): Promise<void> {
  if (host.peek() !== "unknown") return;
  try {
    // Every site has this file; asking a host of files for /api/host would be an error in its console.
    const index: { readonly followsRuns?: boolean } = await answerOf("data/index.json");
    host.value = index.followsRuns === true ? await answerOf<HostAnswer>("api/host") : "none";
  } catch {
    host.value = "none";
  }
  connect();
}

async function answerOf<Answer>(path: string): Promise<Answer> {
  const response = await fetch(new URL(path, document.baseURI));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return await response.json();
}

/** Chooses or leaves a run; of too many the one that was chosen first goes. */
export function choose(name: string, isChosen: boolean): void {
  const others = chosen.peek().filter((one) => one !== name);
  chosen.value = isChosen ? [...others, name].slice(-mostChosen) : others;
  connect();
}

function disconnect(): void {
  clearTimeout(retry);
  source?.close();
  source = null;
}

/** One stream for all: browsers open six connections to a host, and the page needs others. */
function connect(): void {
  const known = host.peek();
  if (known === "unknown" || known === "none") return;
  disconnect();
  const query = chosen.peek().map((name) => `run=${encodeURIComponent(name)}`);
  const stream = new EventSource(new URL(`api/events?${query.join("&")}`, document.baseURI));
  source = stream;
  // It sends all records from the beginning: those of before are replaced as soon as they come.
  let isFirst = true;
  const on = <Name extends keyof StudioEvents>(name: Name, take: (data: StudioEvents[Name]) => void) => {
    stream.addEventListener(name, ({ data }) => {
      if (source === stream) take(JSON.parse(data));
    });
  };
  on("runs", ({ runs: all }) => {
    batch(() => {
      runs.value = all;
      isLost.value = false;
      if (isFirst) coming = new Map(chosen.peek().map((name) => [name, []]));
      isFirst = false;
      chooseFirst(all);
    });
  });
  on("run", (entry) => {
    const others = (runs.peek() ?? []).filter(({ name }) => name !== entry.name);
    runs.value = [...others, entry].sort(byBeginning);
    chooseFirst(runs.value);
  });
  on("gone", ({ name }) => {
    runs.value = (runs.peek() ?? []).filter((entry) => entry.name !== name);
  });
  on("anew", ({ name }) => {
    coming.set(name, []);
    showSoon();
  });
  on("record", ({ name, record }) => {
    if (!isRecord(record)) return;
    const list = coming.get(name) ?? [];
    list.push(record);
    coming.set(name, list);
    showSoon();
  });
  stream.addEventListener("error", () => {
    if (source !== stream) return;
    isLost.value = true;
    if (stream.readyState !== EventSource.CLOSED) return;
    retry = setTimeout(connect, patience);
  });
  stream.addEventListener("open", () => {
    isLost.value = false;
  });
}

const byBeginning = (one: RunEntry, other: RunEntry) =>
  (other.began ?? "").localeCompare(one.began ?? "") ||
  one.name.localeCompare(other.name, "en", { numeric: true });

let hasChosen = false;

/** Who opens the panel sees the run that is under way, or the latest; afterwards what is shown is theirs to choose. */
function chooseFirst(all: readonly RunEntry[]): void {
  const first = all.find(({ state }) => state === "running") ?? all[0];
  if (hasChosen || first === undefined) return;
  hasChosen = true;
  // The stream that has told of it is replaced by one with its records.
  setTimeout(() => choose(first.name, true));
}

function showSoon(): void {
  if (isShowing) return;
  isShowing = true;
  requestAnimationFrame(() => {
    isShowing = false;
    records.value = new Map([...coming].map(([name, list]) => [name, [...list]]));
  });
}

/** Where a run's file is. */
export function addressOf(name: string, file: "model" | "report"): string {
  return new URL(`api/runs/${encodeURIComponent(name)}/${file}`, document.baseURI).href;
}
