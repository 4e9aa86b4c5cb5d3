import { computed, effect, signal } from "@preact/signals";
import { proxy } from "comlink";
import type { MoveFigures } from "fovea";
import { messageOf } from "../../errors.ts";
import { lab, models } from "../../lab/client.ts";
import type { SourceImage } from "../../lab/images.ts";
import type { ModelEntry } from "../../lab/models.ts";
import type { MovedImage } from "../../lab/move.ts";
import { latest } from "../../latest.ts";
import { ImageChoice } from "../../ui/image-choice.ts";

/** As many nets are compared at a time. */
export const mostModels = 4;

export const image = new ImageChoice({ label: 4, place: 0 });
export const maxShift = signal(6);
/** Test images that are moved to all places. */
export const limit = signal(1000);
export const failure = signal<string | null>(null);

/** Where the image is now, in pixels to the right and down. */
export const place = signal<{ readonly dx: number; readonly dy: number }>({ dx: 0, dy: 0 });

/** Ids of models in the order in which they are shown; null until one chooses. */
const chosen = signal<readonly string[] | null>(null);
const movable = computed(() => models.value.filter(({ inputShape }) => inputShape.length === 3));
/** The models that are compared: those chosen, else the first few there are. */
export const compared = computed<readonly ModelEntry[]>(() => {
  const ids = chosen.value;
  if (ids === null) return movable.value.slice(0, mostModels);
  return ids.flatMap((id) => movable.value.find((model) => model.id === id) ?? []);
});
/** Models of the store that are not compared yet. */
export const others = computed(() =>
  movable.value.filter(({ id }) => !compared.value.some((one) => one.id === id)),
);

export function add(id: string): void {
  const ids = compared.peek().map((model) => model.id);
  if (ids.length < mostModels && !ids.includes(id)) chosen.value = [...ids, id];
}

export function remove(id: string): void {
  chosen.value = compared
    .peek()
    .map((model) => model.id)
    .filter((other) => other !== id);
}

export function moveTo(dx: number, dy: number): void {
  const clamp = (value: number) => Math.min(maxShift.peek(), Math.max(-maxShift.peek(), value));
  place.value = { dx: clamp(dx), dy: clamp(dy) };
}

/** What each model says of the image under all moves. */
export const moved = signal<ReadonlyMap<string, MovedImage>>(new Map());
/** Figures over test images by model, and in it by move: `"dx,dy"`. */
export const surveys = signal<ReadonlyMap<string, ReadonlyMap<string, MoveFigures>>>(new Map());
/** The model that is being surveyed. */
export const surveying = signal<string | null>(null);

const fail = (error: unknown) => {
  failure.value = messageOf(error);
};

const askAll = latest(async (ids: readonly string[], source: SourceImage, reach: number) => {
  const answers = await Promise.all(
    ids.map(async (id) => [id, await lab.move.image(id, source, reach)] as const),
  );
  moved.value = new Map(answers);
  failure.value = null;
}, fail);

effect(() => {
  const source = image.source.value;
  const ids = compared.value.map(({ id }) => id);
  const reach = maxShift.value;
  if (source === null) return;
  if (ids.length > 0) askAll(ids, source, reach);
  else moved.value = new Map();
});

// What is farther away than allowed comes nearer.
effect(() => {
  maxShift.value;
  moveTo(place.peek().dx, place.peek().dy);
});

/** Surveys all models that are compared, one after the other. */
export async function survey(): Promise<void> {
  const dataset = image.dataset.peek() ?? "mnist";
  const options = { dataset, limit: limit.peek(), maxShift: maxShift.peek() };
  failure.value = null;
  surveys.value = new Map();
  try {
    for (const { id } of compared.peek()) {
      surveying.value = id;
      const onMove = (figures: MoveFigures) => {
        const before = surveys.peek().get(id) ?? new Map<string, MoveFigures>();
        const after = new Map(before).set(`${figures.dx},${figures.dy}`, figures);
        surveys.value = new Map(surveys.peek()).set(id, after);
      };
      if (!(await lab.move.survey(id, options, proxy(onMove)))) break;
    }
  } catch (error) {
    fail(error);
  } finally {
    surveying.value = null;
  }
}

export function stopSurvey(): void {
  void lab.move.stop();
}
