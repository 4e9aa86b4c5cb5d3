import { batch, computed, effect, signal } from "@preact/signals";
import { messageOf } from "../../errors.ts";
import { lab, models } from "../../lab/client.ts";
import type { LookLayer } from "../../lab/layer-list.ts";
import type { LayerRange, LayerValues, LookFrame, UnitPlace, UnitView, WantedMaps } from "../../lab/look.ts";
import { latest } from "../../latest.ts";
import { ImageChoice } from "../../ui/image-choice.ts";

/** What is looked at, and with what. It stays while other panels are open. */
export const image = new ImageChoice({ label: 3, place: 0 });
export const other = new ImageChoice({ label: 8, place: 0 });
export const comparing = signal(false);
/** How two images are shown beside each other. */
export const comparison = signal<"both" | "difference">("both");

const chosenModel = signal<string | null>(null);
/** The model that is looked into: the one chosen, else the newest. */
export const model = computed(() => {
  const all = models.value;
  return all.find(({ id }) => id === chosenModel.value) ?? all.at(-1) ?? null;
});
export function chooseModel(id: string): void {
  chosenModel.value = id;
}

export const layers = signal<readonly LookLayer[]>([]);
export const failure = signal<string | null>(null);

/** Channels of a layer that are shown before one asks for all. */
const fewChannels = 64;
/** Layers that are in sight; only their maps are fetched. */
const inSight = signal<ReadonlySet<string>>(new Set());
/** Layers of which all channels are shown. */
export const unfolded = signal<ReadonlySet<string>>(new Set());

/** The newest look, and the maps of it that are here. */
export const frame = signal<Omit<LookFrame, "maps"> | null>(null);
export const maps = signal<ReadonlyMap<string, LayerValues>>(new Map());
export const ranges = computed<ReadonlyMap<string, LayerRange>>(
  () => new Map(frame.value?.ranges.map((range) => [range.layer, range])),
);

/** The unit that is pointed at, and the one that stays when the pointer leaves. */
export const pointed = signal<UnitPlace | null>(null);
export const pinned = signal<UnitPlace | null>(null);
export const shownPlace = computed(() => pointed.value ?? pinned.value);
export const unit = signal<UnitView | null>(null);

export function channelsShown({ name, shape }: LookLayer): number {
  const all = shape[shape.length - 1];
  if (shape.length === 3) return unfolded.value.has(name) ? all : Math.min(all, fewChannels);
  return unfolded.value.has(name) ? all : Math.min(all, 1024);
}

function wantedOf(names: ReadonlySet<string>): WantedMaps[] {
  return layers.value
    .filter(({ name }) => names.has(name))
    .map((layer) => ({ layer: layer.name, channels: channelsShown(layer) }));
}

export function setInSight(name: string, visible: boolean): void {
  if (inSight.peek().has(name) === visible) return;
  const names = new Set(inSight.peek());
  if (visible) names.add(name);
  else names.delete(name);
  inSight.value = names;
}

export function unfold(name: string): void {
  unfolded.value = new Set([...unfolded.value, name]);
}

const fail = (error: unknown) => {
  failure.value = messageOf(error);
};

const lookAt = latest(async (id: string, sources: Parameters<typeof lab.look.at>[1]) => {
  const next = await lab.look.at(id, sources, wantedOf(inSight.peek()));
  const { maps: found, ...rest } = next;
  batch(() => {
    failure.value = null;
    frame.value = rest;
    maps.value = new Map(found.map((one) => [one.layer, one]));
  });
}, fail);

/** Maps that have come into sight since the look. */
const fetchMore = latest(async (number: number, wanted: readonly WantedMaps[]) => {
  const found = await lab.look.maps(number, wanted);
  if (frame.peek()?.number !== number) return;
  maps.value = new Map([...maps.peek(), ...found.map((one) => [one.layer, one] as const)]);
}, fail);

const findUnit = latest(async (number: number, place: UnitPlace) => {
  const found = await lab.look.unit(number, place);
  if (found !== null && shownPlace.peek() !== null) unit.value = found;
}, fail);

/** Which model the layers are of: one that is trained on keeps its id, and its layers. */
const modelId = computed(() => model.value?.id ?? null);

effect(() => {
  const id = modelId.value;
  batch(() => {
    layers.value = [];
    frame.value = null;
    maps.value = new Map();
    pointed.value = null;
    pinned.value = null;
    inSight.value = new Set();
    unfolded.value = new Set();
    failure.value = null;
  });
  if (id === null) return;
  lab.look.layers(id).then((found) => {
    if (modelId.peek() === id) layers.value = found;
  }, fail);
});

effect(() => {
  // Read whole: weights that have changed are a new entry.
  const of = model.value;
  const first = image.source.value;
  const second = comparing.value ? other.source.value : null;
  if (of === null || first === null || layers.value.length === 0) return;
  lookAt(of.id, second === null ? [first] : [first, second]);
});

effect(() => {
  const names = inSight.value;
  const look = frame.value;
  const have = maps.value;
  if (look === null) return;
  const missing = wantedOf(names).filter(
    ({ layer, channels }) => (have.get(layer)?.channels ?? 0) < channels,
  );
  if (missing.length > 0) fetchMore(look.number, missing);
});

effect(() => {
  const [look, place] = [frame.value, shownPlace.value];
  if (look === null || place === null) unit.value = null;
  else findUnit(look.number, place);
});
