import { computed, signal } from "@preact/signals";
import { proxy } from "comlink";
import { messageOf } from "../../errors.ts";
import { lab } from "../../lab/client.ts";
import type { StarterProgress } from "../../lab/starter.ts";
import type { BackboneInfo, TaughtReport, TeachProgress } from "../../lab/teach.ts";
import type { NamedFile } from "../../ui/files.ts";
import { stream, takeFrame } from "./camera.ts";
import { changes, classes, readWith, waiting } from "./collection.ts";

/** The net that looks at photos; null while none is chosen. */
export const backbone = signal<BackboneInfo | null>(null);
export const backboneFailure = signal<string | null>(null);
/** What is being done to get a net, with its share if it is known. */
export const backboneWork = signal<string | null>(null);
/** Whether the last files held weights of a net that they do not name. */
export const filesWithoutNetwork = signal<readonly NamedFile[] | null>(null);

export const training = signal<TeachProgress | "starting" | null>(null);
const failure = signal<string | null>(null);
/** Whether training was asked for when it could not be. */
const wasHeldUp = signal(false);
/** What goes wrong with training; what is in its way, as long as it is. */
export const trainingFailure = computed(() => failure.value ?? (wasHeldUp.value ? obstacle() : null));
export const report = signal<TaughtReport | null>(null);
/** The `changes` that the report knows of. */
export const taughtAt = signal(-1);

/** Probabilities of the report's classes, of what is looked at now. */
export const seen = signal<readonly number[] | null>(null);
export const seenFailure = signal<string | null>(null);
/** Pictures of the camera that are judged a second. */
export const rate = signal<number | null>(null);

/** One thing at a time; what goes wrong is told and changes nothing else. */
async function chooseWith(work: string, choose: () => Promise<string>): Promise<void> {
  if (backboneWork.peek() !== null) return;
  backboneWork.value = work;
  backboneFailure.value = null;
  try {
    const info = await lab.teach.useBackbone(await choose());
    backbone.value = info;
    filesWithoutNetwork.value = null;
    readWith(info.id);
  } catch (error) {
    backboneFailure.value = messageOf(error);
  } finally {
    backboneWork.value = null;
  }
}

export function chooseBackbone(id: string): void {
  void chooseWith("Preparing the net …", async () => id);
}

/** @param network - whose weights the files hold, where they do not say */
export function openBackbone(files: readonly NamedFile[], network: string | null = null): void {
  if (files.length === 0) return;
  void chooseWith("Reading the net …", async () => {
    const plain = files.map(({ path, file }) => ({ path, file }));
    try {
      return (await lab.teach.openBackbone(plain, network)).id;
    } catch (error) {
      filesWithoutNetwork.value = messageOf(error).includes("holds weights, but no network") ? files : null;
      throw error;
    }
  });
}

export function trainBackbone(): void {
  void chooseWith("Training a small net on digits …", async () => {
    const tell = ({ share }: StarterProgress) => {
      backboneWork.value = `Training a small net on digits … ${Math.round(100 * share)} %`;
    };
    return (await lab.starter.train("convnet", proxy(tell))).id;
  });
}

/** Why nothing can be learned from what there is; null when it can. */
export function obstacle(): string | null {
  const all = classes.value;
  const filled = all.filter(({ photos }) => photos.some(({ problem }) => problem === null));
  if (filled.length === 0) return "There are no photos yet: collect some for at least two classes.";
  if (all.length < 2) return "One class alone leaves nothing to tell apart: add another.";
  const empty = all.find((one) => !filled.includes(one));
  if (empty !== undefined) return `"${empty.name}" has no photos: collect some, or remove the class.`;
  if (all.some(({ name }) => name.trim() === "")) return "A class has no name: give it one.";
  const names = all.map(({ name }) => name.trim());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `Two classes are called "${twice}": rename one.`;
  if (backbone.value === null) return "No net is chosen to look at the photos: choose one first.";
  return null;
}

export async function train(): Promise<void> {
  failure.value = null;
  wasHeldUp.value = obstacle() !== null;
  const id = backbone.peek()?.id;
  if (wasHeldUp.peek() || id === undefined || training.peek() !== null) return;
  training.value = "starting";
  const knows = changes.peek();
  try {
    const given = classes.peek().map(({ name, photos }) => ({
      name: name.trim(),
      photos: photos.filter(({ problem }) => problem === null).map((photo) => photo.id),
    }));
    const tell = (progress: TeachProgress) => {
      training.value = progress;
    };
    report.value = await lab.teach.train(id, given, proxy(tell));
    taughtAt.value = knows;
    seen.value = null;
    void watch();
  } catch (error) {
    failure.value = messageOf(error);
  } finally {
    training.value = null;
  }
}

export const isReading = () => backbone.value !== null && waiting.value.length > 0;

let watching = false;

/** Judges the camera's pictures, one after the other, as long as there are any and the panel is open. */
export async function watch(): Promise<void> {
  if (watching) return;
  watching = true;
  let pace = 0;
  try {
    while (stream.peek() !== null && report.peek() !== null && isOpen) {
      const frame = takeFrame();
      if (frame === null || training.peek() !== null) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      const start = performance.now();
      seen.value = await lab.teach.classifyFrame(frame.data, frame.width, frame.height);
      // The camera has about 30 pictures a second, and the page draws between.
      await new Promise((resolve) => setTimeout(resolve, 15));
      const took = performance.now() - start;
      pace = pace === 0 ? took : 0.8 * pace + 0.2 * took;
      rate.value = 1000 / pace;
    }
    seenFailure.value = null;
  } catch (error) {
    seenFailure.value = messageOf(error);
  } finally {
    watching = false;
    rate.value = null;
  }
}

let isOpen = false;

/** Whether the panel is in sight: else the camera's pictures are not judged. */
export function setOpen(open: boolean): void {
  isOpen = open;
  if (open) void watch();
}

export async function classifyPhoto(file: File): Promise<boolean> {
  seenFailure.value = null;
  try {
    seen.value = await lab.teach.classifyPhoto(file, file.name);
    return true;
  } catch (error) {
    seenFailure.value = messageOf(error);
    return false;
  }
}
