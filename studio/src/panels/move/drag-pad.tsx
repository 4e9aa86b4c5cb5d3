import { useRef } from "preact/hooks";
import type { InputImage } from "../../lab/images.ts";
import { MapCanvas } from "../../ui/map-canvas.tsx";
import { isNarrow } from "../../ui/narrow.ts";
import * as state from "./state.ts";

/** Width of the pad on the page, and on a narrow one, where it stays in sight above the nets. */
const [wideSize, narrowSize] = [224, 140];

const arrows: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The image, to be dragged by pointer or moved by arrow keys; Home brings it back. */
export function DragPad({ image }: { readonly image: InputImage }) {
  const start = useRef({ x: 0, y: 0, dx: 0, dy: 0 });
  const { dx, dy } = state.place.value;
  const { height, width, channels } = image;
  const padSize = isNarrow.value ? narrowSize : wideSize;
  const scale = padSize / width;
  return (
    <div class="drag">
      <div
        class="drag-pad"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the image is moved by arrow keys, too.
        tabIndex={0}
        role="application"
        aria-label="The image. Drag it, or move it by arrow keys; Home brings it back."
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          start.current = { x: event.clientX, y: event.clientY, dx, dy };
        }}
        onPointerMove={(event) => {
          if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
          const { x, y, dx: fromX, dy: fromY } = start.current;
          state.moveTo(
            fromX + Math.round((event.clientX - x) / scale),
            fromY + Math.round((event.clientY - y) / scale),
          );
        }}
        onKeyDown={(event) => {
          const arrow = arrows[event.key];
          if (arrow !== undefined) state.moveTo(dx + arrow[0], dy + arrow[1]);
          else if (event.key === "Home") state.moveTo(0, 0);
          else return;
          event.preventDefault();
        }}
      >
        <MapCanvas
          values={shifted(image, dx, dy)}
          width={width}
          height={height}
          channels={channels === 3 ? 3 : 1}
          size={padSize}
          label="The moved image"
        />
      </div>
      <p class="where">
        <span id="place" class="numbers">
          {placeText(dx, dy)}
        </span>
        <button
          type="button"
          class="small"
          disabled={dx === 0 && dy === 0}
          onClick={() => state.moveTo(0, 0)}
        >
          Back to the middle
        </button>
      </p>
    </div>
  );
}

/** A move in words. */
export function placeText(dx: number, dy: number): string {
  if (dx === 0 && dy === 0) return "not moved";
  const parts = [
    ...(dx === 0 ? [] : [`${Math.abs(dx)} px ${dx > 0 ? "right" : "left"}`]),
    ...(dy === 0 ? [] : [`${Math.abs(dy)} px ${dy > 0 ? "down" : "up"}`]),
  ];
  return parts.join(", ");
}

/** The image moved as the nets see it: zeros come in at the edges. */
function shifted({ pixels, height, width, channels }: InputImage, dx: number, dy: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  const kept = Math.max(0, width - Math.abs(dx)) * channels;
  for (let row = Math.max(0, dy); row < Math.min(height, height + dy); row++) {
    const from = ((row - dy) * width + Math.max(0, -dx)) * channels;
    result.set(pixels.subarray(from, from + kept), (row * width + Math.max(0, dx)) * channels);
  }
  return result;
}
