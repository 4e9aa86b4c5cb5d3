import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { isDark } from "../theme.ts";
import { pixelsOf } from "./colour.ts";
import {
  cornerOf,
  hit,
  layoutCells,
  layoutMaps,
  sheetSize,
  type TileLayout,
  type TilePlace,
} from "./tiles.ts";
import { useWidth } from "./use-width.ts";
import "./map-sheet.css";

/** A part of a map: from the first row and column to the one behind the last. */
export interface MapBox {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Maps of the same size and on the same scale. */
interface Maps {
  /** Shapes: `[count, height, width]`, map by map. */
  readonly values: Float32Array;
  readonly count: number;
  /** 1 x 1 for the units of a dense layer, which become columns of cells. */
  readonly height: number;
  readonly width: number;
  readonly signed: boolean;
  /** The value with the strongest colour. */
  readonly limit: number;
}

interface MapSheetProps extends Maps {
  /** A value that is outlined. */
  readonly marked: TilePlace | null;
  /** A part that is outlined in all maps. */
  readonly box?: MapBox | null;
  /** For who cannot see it. */
  readonly label: string;
  /** Left away, the sheet is a picture. */
  readonly onPoint?: (place: TilePlace | null) => void;
  readonly onPin?: (place: TilePlace) => void;
}

/** All maps of a layer on one canvas: pointing at a value or going there by arrow keys tells of it, a click or Enter pins it. */
export function MapSheet(props: MapSheetProps) {
  const { values, count, height, width, signed, limit, marked, box = null, label, onPoint, onPin } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [frame, room] = useWidth();
  const layout = useMemo(
    () => (height * width === 1 ? layoutCells(count, room) : layoutMaps(count, { height, width }, room)),
    [count, height, width, room],
  );
  const dark = isDark.value;

  useLayoutEffect(() => {
    if (canvas.current === null || room === 0) return;
    paintMaps(canvas.current, { values, count, height, width, signed, limit, dark, layout });
  }, [values, count, height, width, signed, limit, dark, layout, room]);

  const placeOf = (event: PointerEvent | MouseEvent): TilePlace | null => {
    if (canvas.current === null) return null;
    const bounds = canvas.current.getBoundingClientRect();
    const found = hit(layout, count, event.clientX - bounds.left, event.clientY - bounds.top);
    return found === null
      ? null
      : { channel: found.index, y: Math.floor(found.down * height), x: Math.floor(found.across * width) };
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const from = marked ?? { channel: 0, y: Math.floor(height / 2), x: Math.floor(width / 2) };
    if (event.key === "Enter" || event.key === " ") onPin?.(from);
    else {
      const to = moved(from, event, { count, height, width, layout });
      if (to === null) return;
      onPoint?.(to);
    }
    event.preventDefault();
  };

  const [sheetWidth, sheetHeight] = sheetSize(layout);
  return (
    <div class="map-sheet" ref={frame}>
      <div class="sheet" style={{ width: `${sheetWidth}px`, height: `${sheetHeight}px` }}>
        <canvas
          ref={canvas}
          {...(onPin === undefined
            ? { role: "img", "aria-label": label }
            : {
                tabIndex: 0,
                role: "application",
                "aria-label": `${label}. Arrow keys go from value to value, Page Up and Page Down from map to map, Enter pins.`,
                onPointerMove: (event: PointerEvent) => onPoint?.(placeOf(event)),
                onPointerLeave: () => onPoint?.(null),
                onClick: (event: MouseEvent) => {
                  const place = placeOf(event);
                  if (place !== null) onPin(place);
                },
                onKeyDown,
                onBlur: () => onPoint?.(null),
              })}
        />
        <Marks layout={layout} size={[sheetWidth, sheetHeight]} {...{ count, height, width, marked, box }} />
      </div>
    </div>
  );
}

interface MarksProps {
  readonly layout: TileLayout;
  readonly size: readonly [number, number];
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly marked: TilePlace | null;
  readonly box: MapBox | null;
}

/** Outlines over the maps; they move without the maps being painted again. */
function Marks({ layout, size, count, height, width, marked, box }: MarksProps) {
  const [across, down] = [layout.width / width, layout.height / height];
  return (
    <svg class="marks" width={size[0]} height={size[1]} aria-hidden="true">
      {box === null
        ? null
        : Array.from({ length: count }, (_, channel) => {
            const [left, top] = cornerOf(layout, channel);
            return (
              <rect
                key={channel}
                class="field"
                x={left + box.left * across}
                y={top + box.top * down}
                width={(box.right - box.left) * across}
                height={(box.bottom - box.top) * down}
              />
            );
          })}
      {marked === null || marked.channel >= count ? null : (
        <rect
          class="unit"
          x={cornerOf(layout, marked.channel)[0] + marked.x * across - 1}
          y={cornerOf(layout, marked.channel)[1] + marked.y * down - 1}
          width={across + 2}
          height={down + 2}
        />
      )}
    </svg>
  );
}

/** Where a key leads; null for keys that lead nowhere. */
function moved(
  { channel, y, x }: TilePlace,
  { key }: KeyboardEvent,
  { count, height, width, layout }: { count: number; height: number; width: number; layout: TileLayout },
): TilePlace | null {
  const clamp = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));
  const cells = height * width === 1;
  const [aside, below] = cells ? [layout.rows, 1] : [0, 0];
  switch (key) {
    case "ArrowLeft":
      return cells
        ? { channel: clamp(channel - aside, count), y, x }
        : { channel, y, x: clamp(x - 1, width) };
    case "ArrowRight":
      return cells
        ? { channel: clamp(channel + aside, count), y, x }
        : { channel, y, x: clamp(x + 1, width) };
    case "ArrowUp":
      return cells
        ? { channel: clamp(channel - below, count), y, x }
        : { channel, y: clamp(y - 1, height), x };
    case "ArrowDown":
      return cells
        ? { channel: clamp(channel + below, count), y, x }
        : { channel, y: clamp(y + 1, height), x };
    case "PageUp":
      return { channel: clamp(channel - 1, count), y, x };
    case "PageDown":
      return { channel: clamp(channel + 1, count), y, x };
    default:
      return null;
  }
}

interface Painting extends Maps {
  readonly dark: boolean;
  readonly layout: TileLayout;
}

/** Maps in their own size, one below the other, from which they are drawn larger or smaller. */
const scratch = document.createElement("canvas");

function paintMaps(canvas: HTMLCanvasElement, painting: Painting): void {
  const { values, count, height, width, signed, limit, dark, layout } = painting;
  const [sheetWidth, sheetHeight] = sheetSize(layout);
  const dense = globalThis.devicePixelRatio || 1;
  const [pixelWidth, pixelHeight] = [Math.round(sheetWidth * dense), Math.round(sheetHeight * dense)];
  if (canvas.width !== pixelWidth || canvas.height !== pixelHeight) {
    canvas.width = pixelWidth;
    canvas.height = pixelHeight;
  }
  const [context, source] = [canvas.getContext("2d"), scratch.getContext("2d", { willReadFrequently: true })];
  if (context === null || source === null || values.length < count * height * width) return;
  // Several columns of maps: canvases have a greatest height.
  const columns = Math.ceil((count * height) / 4096);
  const rows = Math.ceil(count / columns);
  if (scratch.width < columns * width) scratch.width = columns * width;
  if (scratch.height < rows * height) scratch.height = rows * height;
  context.setTransform(dense, 0, 0, dense, 0, 0);
  context.clearRect(0, 0, sheetWidth, sheetHeight);
  context.imageSmoothingEnabled = layout.width < width;
  context.imageSmoothingQuality = "medium";
  const scale = signed ? "diverging" : "sequential";
  for (let column = 0; column < columns; column++) {
    const [first, end] = [column * rows, Math.min(count, (column + 1) * rows)];
    if (end <= first) break;
    const part = values.subarray(first * height * width, end * height * width);
    const pixels = pixelsOf(part, scale, dark, limit);
    source.putImageData(new ImageData(pixels, width, (end - first) * height), column * width, 0);
    for (let channel = first; channel < end; channel++) {
      const [x, y] = cornerOf(layout, channel);
      const from = (channel - first) * height;
      context.drawImage(scratch, column * width, from, width, height, x, y, layout.width, layout.height);
    }
  }
}
