import { computed, effect, signal } from "@preact/signals";
import { messageOf } from "../errors.ts";
import { lab } from "../lab/client.ts";
import type { ServedDataset } from "../lab/datasets.ts";
import type { ExampleIndex, PhotoEntry, SourceImage } from "../lab/images.ts";
import { digitOf, digitSize, type Stroke } from "./digit.ts";

/** Where an image comes from. */
export type ImageOrigin = "draw" | "example" | "photo";

/** The data sets that this site serves; null until that is known. */
export const servedDatasets = signal<readonly ServedDataset[] | null>(null);

async function askForDatasets(): Promise<void> {
  if (servedDatasets.peek() === null) servedDatasets.value = await lab.datasets.served().catch(() => []);
}

/** What has been chosen to be looked at. It outlives the panel that shows it. */
export class ImageChoice {
  readonly origin = signal<ImageOrigin>("example");
  readonly strokes = signal<readonly Stroke[]>([]);
  readonly dataset = signal<string | null>(null);
  readonly examples = signal<ExampleIndex | null>(null);
  readonly label = signal(0);
  /** Which of the images of the class. */
  readonly place = signal(0);
  readonly photo = signal<PhotoEntry | null>(null);
  readonly failure = signal<string | null>(null);

  /** The image; null where none is chosen yet. */
  readonly source = computed<SourceImage | null>(() => {
    if (this.origin.value === "draw") {
      const pixels = digitOf(this.strokes.value);
      return { from: "pixels", pixels, height: digitSize, width: digitSize };
    }
    if (this.origin.value === "photo") {
      const photo = this.photo.value;
      return photo === null ? null : { from: "photo", id: photo.id };
    }
    const [dataset, examples] = [this.dataset.value, this.examples.value];
    const index = examples?.byClass[this.label.value]?.[this.place.value];
    return dataset === null || index === undefined ? null : { from: "dataset", dataset, index };
  });

  /** @param start - what is shown first: the `place`th image of class `label` */
  constructor(start: { readonly label: number; readonly place: number }) {
    this.label.value = start.label;
    this.place.value = start.place;
    void askForDatasets();
    effect(() => {
      const served = servedDatasets.value;
      if (served === null || this.dataset.peek() !== null) return;
      if (served.length > 0) void this.choose(served[0].name);
      // A site without data still has a pad.
      else this.origin.value = "draw";
    });
  }

  /** Takes examples of another data set. */
  async choose(dataset: string): Promise<void> {
    this.dataset.value = dataset;
    this.examples.value = null;
    try {
      const examples = await lab.images.examples(dataset);
      if (this.dataset.peek() !== dataset) return;
      this.examples.value = examples;
      this.pick(Math.min(this.label.peek(), examples.classNames.length - 1), this.place.peek());
      this.failure.value = null;
    } catch (error) {
      this.failure.value = messageOf(error);
    }
  }

  /** Takes an image of a class; past the last one comes the first. */
  pick(label: number, place: number): void {
    const count = this.examples.peek()?.byClass[label]?.length ?? 0;
    this.label.value = label;
    this.place.value = count === 0 ? 0 : ((place % count) + count) % count;
  }

  /** Takes a photo from a file. */
  async open(file: File): Promise<void> {
    this.origin.value = "photo";
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      this.photo.value = await lab.images.open(bytes, file.name);
      this.failure.value = null;
    } catch (error) {
      this.failure.value = messageOf(error);
    }
  }
}
