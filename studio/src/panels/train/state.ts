/** What the panel Train knows. It outlives the panel: one may look elsewhere while a run goes on. */
import { computed, effect, signal } from "@preact/signals";
import { proxy } from "comlink";
import type { EpochRecord } from "fovea";
import { messageOf } from "../../errors.ts";
import { lab } from "../../lab/client.ts";
import type {
  DataInfo,
  NetworkReport,
  NetworkSpec,
  RunInfo,
  RunResult,
  RunSettings,
  RunUpdate,
  ZooEntryInfo,
} from "../../lab/train/types.ts";
import { type Block, presets } from "./blocks.ts";
import { Curve } from "./curve.ts";

/** A run of this session. */
export interface SessionRun {
  readonly info: RunInfo;
  readonly name: string;
  /** What it is trained on, whatever has been chosen since. */
  readonly data: DataInfo;
  readonly network: string;
  readonly settings: RunSettings;
  readonly update: RunUpdate | null;
  readonly curve: Curve;
  readonly epochs: readonly EpochRecord[];
  readonly result: RunResult | null;
}

/** The data that are chosen. */
export const dataInfo = signal<DataInfo | null>(null);
export const dataBusy = signal<string | null>(null);
export const dataFailure = signal<string | null>(null);

/** The network that is shown. */
export const source = signal<NetworkSpec["source"]>("blocks");
export const blocks = signal<readonly Block[]>(presets[0].blocks());
export const preset = signal<string>(presets[0].id);
export const zooName = signal("lenet5");
export const zoo = signal<readonly ZooEntryInfo[]>([]);
export const modelId = signal<string | null>(null);
export const report = signal<NetworkReport | null>(null);

export const settings = signal<RunSettings>({
  optimizer: "adam",
  learningRate: 0.002,
  schedule: "constant",
  weightDecay: 0,
  batchSize: 64,
  epochs: 5,
  limit: 0,
  shift: 0,
  rotation: 0,
  flip: false,
  cutout: 0,
  seed: 1,
  precision: "fast",
  threads: 0,
});

/** Runs of this session, oldest first. */
export const runs = signal<readonly SessionRun[]>([]);
export const startFailure = signal<string | null>(null);
export const starting = signal(false);

let lastNumber = 0;

/** Counts changes of curves, at most some a second: drawing them is most of the page's work. */
export const curveTick = signal(0);
const curveMilliseconds = 250;
let curvesAreStale = false;

function tellCurves(): void {
  if (curvesAreStale) return;
  curvesAreStale = true;
  setTimeout(() => {
    curvesAreStale = false;
    curveTick.value++;
  }, curveMilliseconds);
}

/** The run that is under way. */
export const active = computed(() => runs.value.find(({ result }) => result === null) ?? null);
/** Whether what a run is made of is locked: a run is under way. */
export const isLocked = computed(() => active.value !== null);
/** The model that is in training. */
export const modelInTraining = computed(() => active.value?.info.modelId ?? null);
/** The run that is shown: the one under way, else the last. */
export const shown = computed(() => active.value ?? runs.value.at(-1) ?? null);

export const spec = computed((): NetworkSpec => {
  switch (source.value) {
    case "blocks":
      return { source: "blocks", blocks: blocks.value };
    case "zoo":
      return { source: "zoo", name: zooName.value };
    case "model":
      return { source: "model", id: modelId.value ?? "" };
  }
});

/** What the network is called in lists. */
export function networkTitle(modelName: string | null): string {
  if (source.value === "zoo") return zooName.value;
  if (source.value === "model") return modelName ?? "model";
  return presets.find(({ id }) => id === preset.value)?.title ?? "Own network";
}

// Described anew whenever data or network change; an answer that comes late is dropped.
let asked = 0;
effect(() => {
  const info = dataInfo.value;
  const network = spec.value;
  if (info === null) return;
  const question = ++asked;
  void lab.train
    .describe(network, info.imageShape, info.classes.length)
    .then((answer) => {
      if (question === asked) report.value = answer;
    })
    .catch((error) => {
      if (question === asked) report.value = { rows: [], parameters: 0, flops: 0, problem: messageOf(error) };
    });
});

effect(() => {
  const info = dataInfo.value;
  if (info === null) return;
  void lab.train.zoo(info.imageShape, info.classes.length).then((entries) => {
    zoo.value = entries;
  });
});

let dataAsked = 0;

/** Takes data up that the lab is told to make ready: those asked for last. What was there stays if that fails. */
export async function chooseData(
  what: string,
  load: (tell: (what: string) => void) => Promise<DataInfo>,
): Promise<void> {
  const question = ++dataAsked;
  dataBusy.value = what;
  dataFailure.value = null;
  try {
    const info = await load((now) => {
      if (question === dataAsked && dataBusy.peek() !== null) dataBusy.value = now;
    });
    if (question === dataAsked) dataInfo.value = info;
  } catch (error) {
    if (question === dataAsked) dataFailure.value = messageOf(error);
  } finally {
    if (question === dataAsked) dataBusy.value = null;
  }
}

function change(id: string, changes: Partial<SessionRun>): void {
  runs.value = runs.peek().map((run) => (run.info.id === id ? { ...run, ...changes } : run));
}

/**
 * Begins a run with what is chosen.
 *
 * @param steps - after which it pauses; `null`: it goes on
 */
export async function start(modelName: string | null, steps: number | null): Promise<void> {
  const info = dataInfo.peek();
  if (info === null || starting.peek() || active.peek() !== null) return;
  starting.value = true;
  startFailure.value = null;
  const title = networkTitle(modelName);
  lastNumber++;
  const name = `${lastNumber} ${title}`;
  const begun: { id: string | null } = { id: null };
  // Updates may come before the run's own answer.
  const early: RunUpdate[] = [];
  let ended: RunResult | null = null;
  const take = (update: RunUpdate) => {
    const run = runs.peek().find((one) => one.info.id === begun.id);
    if (run === undefined) {
      early.push(update);
      return;
    }
    run.curve.add(update);
    tellCurves();
    const epochs = update.epochs.length === 0 ? run.epochs : [...run.epochs, ...update.epochs];
    change(run.info.id, { update, epochs });
  };
  try {
    const [network, chosen] = [spec.peek(), settings.peek()];
    const request = { dataId: info.id, network, settings: chosen, modelName: name, steps };
    const runInfo = await lab.train.start(
      request,
      proxy(take),
      proxy((result) => {
        ended = result;
        if (begun.id !== null) change(begun.id, { result });
      }),
    );
    begun.id = runInfo.id;
    runs.value = [
      ...runs.peek(),
      {
        info: runInfo,
        name,
        data: info,
        network: title,
        settings: request.settings,
        update: null,
        curve: new Curve(),
        epochs: [],
        result: ended,
      },
    ];
    for (const update of early) take(update);
  } catch (error) {
    startFailure.value = messageOf(error);
  } finally {
    starting.value = false;
  }
}

/** Takes a run away; its model stays in the lab. */
export function forget(id: string): void {
  runs.value = runs.peek().filter((run) => run.info.id !== id);
}

/** Steers the run under way; what is said too late does no harm. */
export async function steer(act: (id: string) => Promise<unknown>): Promise<void> {
  const run = active.peek();
  if (run === null) return;
  try {
    await act(run.info.id);
  } catch (error) {
    if (active.peek() !== null) startFailure.value = messageOf(error);
  }
}
