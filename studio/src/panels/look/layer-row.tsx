import { useEffect, useMemo, useRef } from "preact/hooks";
import type { LookLayer } from "../../lab/layer-list.ts";
import { isDark } from "../../theme.ts";
import { cssColour, greatest } from "../../ui/colour.ts";
import { type MapBox, MapSheet } from "../../ui/map-sheet.tsx";
import type { TilePlace } from "../../ui/tiles.ts";
import { numberText } from "./numbers.ts";
import * as state from "./state.ts";

/** A layer: its name and shape, the range of its values, and all its maps. */
export function LayerRow({ layer }: { readonly layer: LookLayer }) {
  const row = useRef<HTMLElement>(null);
  const { name, kind, shape, detail } = layer;
  useEffect(() => {
    const element = row.current;
    if (element === null) return;
    const observer = new IntersectionObserver(
      ([entry]) => state.setInSight(name, entry?.isIntersecting === true),
      { rootMargin: "400px 0px" },
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      state.setInSight(name, false);
    };
  }, [name]);
  const range = state.ranges.value.get(name);
  const values = state.maps.value.get(name);
  const all = shape[shape.length - 1];
  const count = state.channelsShown(layer);
  const signed = range !== undefined && range.least < 0;
  const isDifference = state.comparison.value === "difference" && values?.images.length === 2;
  const shown = useMemo(() => {
    if (values === undefined) return [];
    const [first, second] = values.images;
    return isDifference ? [first.map((value, index) => value - second[index])] : values.images;
  }, [values, isDifference]);
  const difference = useMemo(() => {
    if (!isDifference) return null;
    const most = greatest(shown[0]);
    return { least: -most, greatest: most };
  }, [shown, isDifference]);
  return (
    <section class="layer" ref={row} aria-label={`Layer ${name}`}>
      <header>
        <h3>{name}</h3>
        <span class="soft kind">
          {[...(name.startsWith(kind) ? [] : [kind]), ...(detail === "" ? [] : [detail])].join(", ")}
        </span>
        <span class="soft numbers shape">{shape.join(" × ")}</span>
        {range === undefined ? null : <RangeKey {...(difference ?? range)} />}
      </header>
      {values === undefined || values.channels < count ? (
        <div class="sheet-room" style={{ minHeight: `${roomOf(layer, count)}px` }} />
      ) : (
        <Sheets
          layer={layer}
          count={count}
          images={shown}
          isDifference={isDifference}
          signed={signed || isDifference}
          limit={limitOf(difference ?? range)}
        />
      )}
      {count < all ? (
        <button type="button" class="small" onClick={() => state.unfold(name)}>
          Show all {all} {shape.length === 3 ? "channels" : "units"}
        </button>
      ) : null}
    </section>
  );
}

interface SheetsProps {
  readonly layer: LookLayer;
  readonly count: number;
  /** Of one image, of two, or their difference. */
  readonly images: readonly Float32Array[];
  readonly isDifference: boolean;
  readonly signed: boolean;
  readonly limit: number;
}

/** The maps of one image, or of two beside each other, or their difference. */
function Sheets({ layer, count, images, isDifference, signed, limit }: SheetsProps) {
  const { name, shape } = layer;
  const [height, width] = shape.length === 3 ? shape : [1, 1];
  const place = state.shownPlace.value;
  const marked = place?.layer === name ? place : null;
  const box = boxIn(name);
  const onPoint = (at: TilePlace | null) => {
    state.pointed.value = at === null ? null : { layer: name, ...at };
  };
  const onPin = (at: TilePlace) => {
    const before = state.pinned.value;
    const same =
      before !== null &&
      before.layer === name &&
      before.channel === at.channel &&
      before.y === at.y &&
      before.x === at.x;
    state.pinned.value = same ? null : { layer: name, ...at };
    if (same) state.pointed.value = null;
  };
  return (
    <div class={images.length === 2 ? "sheets pair" : "sheets"}>
      {images.map((values, index) => (
        <MapSheet
          key={index}
          {...{ values, count, height, width, marked, box, onPoint, onPin }}
          signed={signed}
          limit={limit}
          label={sheetLabel(name, images.length, index, isDifference)}
        />
      ))}
    </div>
  );
}

function sheetLabel(name: string, count: number, index: number, isDifference: boolean): string {
  if (isDifference) return `Difference of the two images at ${name}`;
  if (count === 1) return `Values of ${name}`;
  return `Values of ${name}, ${index === 0 ? "first" : "second"} image`;
}

/** What the unit that is looked at is computed from on the maps of a layer before. */
function boxIn(name: string): MapBox | null {
  return state.unit.value?.between.find(({ layer }) => layer === name) ?? null;
}

function limitOf(range: { readonly least: number; readonly greatest: number } | undefined): number {
  return range === undefined ? 1 : Math.max(Math.abs(range.least), Math.abs(range.greatest));
}

/** Height that maps will take, nearly: rows do not jump as they come into sight. */
function roomOf({ shape }: LookLayer, count: number): number {
  return shape.length === 3 ? Math.ceil(count / 14) * 44 : 110;
}

/** What the colours of a layer stand for. */
export function RangeKey({ least, greatest }: { readonly least: number; readonly greatest: number }) {
  const limit = Math.max(Math.abs(least), Math.abs(greatest));
  const dark = isDark.value;
  const from = least < 0 ? -limit : 0;
  const stops = Array.from({ length: 9 }, (_, index) => {
    const value = from + ((limit - from) * index) / 8;
    return cssColour(limit === 0 ? 0 : value / limit, dark);
  });
  return (
    <span class="range numbers" title="One scale for all maps of the layer; the range is that of its values.">
      {numberText(least)}
      <span class="key" style={{ background: `linear-gradient(to right, ${stops.join(", ")})` }} />
      <span class="greatest">{numberText(greatest)}</span>
    </span>
  );
}
