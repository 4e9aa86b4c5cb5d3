import type { InputImage } from "../../lab/images.ts";
import { MapCanvas } from "../../ui/map-canvas.tsx";
import type { MapBox } from "../../ui/map-sheet.tsx";

interface InputViewProps {
  readonly image: InputImage;
  /** The part that a unit is computed from. */
  readonly field: MapBox | null;
  /** Width on the page. */
  readonly size: number;
  readonly label: string;
}

/** An image as the model takes it, with the receptive field of a unit outlined. */
export function InputView({ image, field, size, label }: InputViewProps) {
  const { pixels, height, width, channels } = image;
  const scale = size / width;
  return (
    <div class="input-view" style={{ width: `${size}px` }}>
      <MapCanvas
        values={pixels}
        width={width}
        height={height}
        channels={channels === 3 ? 3 : 1}
        size={size}
        label={label}
      />
      {field === null ? null : (
        <svg class="marks" width={size} height={height * scale} aria-hidden="true">
          <rect
            class="field"
            x={field.left * scale}
            y={field.top * scale}
            width={(field.right - field.left) * scale}
            height={(field.bottom - field.top) * scale}
          />
        </svg>
      )}
    </div>
  );
}
