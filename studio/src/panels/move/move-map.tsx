import { useLayoutEffect, useRef } from "preact/hooks";
import { isDark } from "../../theme.ts";
import { percent } from "../../ui/class-bars.tsx";
import { pixelsOf } from "../../ui/colour.ts";
import { placeText } from "./drag-pad.tsx";
import * as state from "./state.ts";

interface MoveMapProps {
  readonly title: string;
  /** Of each move from 0 to 1, NaN where it is not known yet. Shapes: `[side, side]`, rows by dy. */
  readonly values: Float32Array;
  readonly side: number;
  readonly label: string;
}

/** A value for every move; where the image is now is outlined. A click moves it there. */
export function MoveMap({ title, values, side, label }: MoveMapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark.value;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined) return;
    const pixels = pixelsOf(values, "sequential", dark, 1);
    for (const [index, value] of values.entries()) if (Number.isNaN(value)) pixels[4 * index + 3] = 0;
    context.putImageData(new ImageData(pixels, side, side), 0, 0);
  }, [values, side, dark]);
  const reach = (side - 1) / 2;
  const { dx, dy } = state.place.value;
  const value = values[(dy + reach) * side + dx + reach];
  const share = 100 / side;
  return (
    <figure class="move-map">
      <figcaption>
        {title}
        <output class="numbers">{value === undefined || Number.isNaN(value) ? "–" : percent(value)}</output>
      </figcaption>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: arrow keys move the image on its pad. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the same. */}
      <div
        class="plot"
        onClick={({ currentTarget, clientX, clientY }) => {
          const box = currentTarget.getBoundingClientRect();
          const at = (offset: number, size: number) => Math.floor((offset / size) * side) - reach;
          state.moveTo(at(clientX - box.left, box.width), at(clientY - box.top, box.height));
        }}
      >
        <canvas
          ref={canvas}
          class="pixels"
          width={side}
          height={side}
          role="img"
          aria-label={`${label}; at ${placeText(dx, dy)}`}
        />
        <span
          class="marker"
          style={{
            left: `${(dx + reach) * share}%`,
            top: `${(dy + reach) * share}%`,
            width: `${share}%`,
            height: `${share}%`,
          }}
        />
      </div>
    </figure>
  );
}
