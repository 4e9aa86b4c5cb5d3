/** The lab's side of the panel Train. */
import { transfer } from "comlink";
import type { Shape } from "fovea";
import type { ModelFormat } from "./model-file.ts";
import type { ModelEntry } from "./models.ts";
import { folderData, servedData } from "./train/data.ts";
import type { Target } from "./train/files.ts";
import { type InsightRequest, insightOf, someExamples } from "./train/insight.ts";
import { describeNetwork, zooFor } from "./train/network.ts";
import { controlOf, type RunRequest, startRun } from "./train/run.ts";
import type {
  DataInfo,
  FolderFile,
  FolderOptions,
  Insight,
  NetworkReport,
  NetworkSpec,
  RunInfo,
  RunResult,
  RunUpdate,
  ZooEntryInfo,
} from "./train/types.ts";

/** Formats of files are loaded when the first one is opened or saved: the page's first load is without them. */
const filesOf = () => import("./train/files.ts");

export const train = {
  /** A data set that this site serves, by name. */
  async serve(name: string): Promise<DataInfo> {
    return await servedData(name);
  },

  /** A data set of the page's files. */
  async readFolder(
    files: readonly FolderFile[],
    options: FolderOptions,
    onProgress: (done: number) => void,
  ): Promise<DataInfo> {
    return await folderData(files, options, onProgress);
  },

  /** A network layer by layer, with what does not fit. */
  describe(spec: NetworkSpec, inputShape: Shape, classes: number): NetworkReport {
    return describeNetwork(spec, inputShape, classes);
  },

  /** A network as an SVG file. */
  async draw(target: Target): Promise<string> {
    return (await filesOf()).drawingOf(target);
  },

  /** Nets of the zoo for images of a shape. */
  zoo(inputShape: Shape, classes: number): readonly ZooEntryInfo[] {
    return zooFor(inputShape, classes);
  },

  /** Begins a run. */
  async start(
    request: RunRequest,
    onUpdate: (update: RunUpdate) => void,
    onEnd: (result: RunResult) => void,
  ): Promise<RunInfo> {
    return await startRun(request, onUpdate, onEnd);
  },

  pause(id: string): void {
    controlOf(id).pause();
  },

  resume(id: string): void {
    controlOf(id).resume();
  },

  step(id: string, steps: number): void {
    controlOf(id).step(steps);
  },

  stop(id: string): void {
    controlOf(id).stop();
  },

  /** @param rate - `null`: the schedule's again */
  setLearningRate(id: string, rate: number | null): void {
    controlOf(id).learningRate = rate;
  },

  /** Filters, feature maps and predictions of a model as it stands. */
  async look(request: InsightRequest): Promise<Insight> {
    const insight = await insightOf(request);
    const stacks = [...insight.maps, ...(insight.filters === null ? [] : [insight.filters])];
    return transfer(
      insight,
      [
        ...stacks.map(({ values }) => values),
        ...insight.predictions.flatMap(({ image, probabilities }) => [image, probabilities]),
      ].map(({ buffer }) => buffer),
    );
  },

  /** Numbers of some examples that are held back, one of each class first. */
  examples(dataId: string, count: number, seed: number): readonly number[] {
    return someExamples(dataId, count, seed);
  },

  /** A model as the bytes of a file. */
  async save(id: string, format: ModelFormat, name: string) {
    const file = await (await filesOf()).saveModel(id, format, name);
    return transfer(file, [file.bytes.buffer]);
  },

  /** A model from the bytes of a file, into the lab's store. */
  async open(bytes: Uint8Array<ArrayBuffer>, fileName: string, target: Target): Promise<ModelEntry> {
    return await (await filesOf()).openModel(bytes, fileName, target);
  },
};
