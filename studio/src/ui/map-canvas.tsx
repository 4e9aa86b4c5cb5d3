import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { isDark } from "../theme.ts";
import { pixelsOf, type Scale } from "./colour.ts";

interface MapCanvasProps {
  /** Shapes: `[height, width]`, row by row. With `channels` 3: `[height, width, 3]`, bytes of an image. */
  readonly values: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  readonly channels?: 1 | 3;
  readonly scale?: Scale;
  /** The value with the strongest colour, so that several maps share a scale. */
  readonly limit?: number;
  /** Width on the page in CSS pixels, or as wide as there is room; the height follows. */
  readonly size: number | "fill";
  /** What is seen, for who cannot see it. */
  readonly label: string;
  readonly caption?: ComponentChildren;
}

/** A map of values, each a square: feature maps, filters, images. */
export function MapCanvas(props: MapCanvasProps) {
  const { values, width, height, channels = 1, scale = "gray", limit, size, label, caption } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark.value;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined) return;
    const pixels = channels === 3 ? opaque(values) : pixelsOf(values, scale, dark, limit);
    context.putImageData(new ImageData(pixels, width, height), 0, 0);
  }, [values, width, height, channels, scale, limit, dark]);
  return (
    <figure class="map">
      <canvas
        ref={canvas}
        class="pixels"
        width={width}
        height={height}
        style={
          size === "fill"
            ? { width: "100%", height: "auto" }
            : { width: `${size}px`, height: `${(size * height) / width}px` }
        }
        role="img"
        aria-label={label}
      />
      {caption === undefined ? null : <figcaption>{caption}</figcaption>}
    </figure>
  );
}

function opaque(values: ArrayLike<number>): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray((values.length / 3) * 4);
  for (let pixel = 0; pixel < values.length / 3; pixel++) {
    pixels.set([values[3 * pixel], values[3 * pixel + 1], values[3 * pixel + 2], 255], 4 * pixel);
  }
  return pixels;
}
