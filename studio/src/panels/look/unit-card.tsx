import { useEffect, useState } from "preact/hooks";
import type { LookLayer } from "../../lab/layer-list.ts";
import type { UnitPlace, UnitView } from "../../lab/look.ts";
import { InputView } from "./input-view.tsx";
import { numberText } from "./numbers.ts";
import * as state from "./state.ts";
import { WindowSum } from "./window-sum.tsx";

/** Between two windows, when they play. */
const pace = 700;

/** What is known of the unit that is pointed at or pinned. */
export function UnitCard() {
  const unit = state.unit.value;
  const look = state.frame.value;
  const layer = state.layers.value.find(({ name }) => name === unit?.place.layer);
  if (unit === null || look === null || layer === undefined) {
    return (
      <section class="card unit" aria-label="Unit">
        <h2>One value</h2>
        <p class="soft">
          Point at a value in a map, or go there with Tab and the arrow keys: you see what part of the image
          it comes from, its filter, and its sum. A click pins it; then step from window to window.
        </p>
      </section>
    );
  }
  return (
    <section class="card unit filled" aria-label="Unit">
      <UnitHeader unit={unit} layer={layer} />
      <div class="seen-by">
        {look.inputs.slice(0, 1).map((image) => (
          <InputView
            key="input"
            image={image}
            field={unit.field}
            size={image.width <= 32 ? 4 * image.width : 128}
            label="The image, with what the value comes from outlined"
          />
        ))}
        <dl>
          <dt>Sees of the image</dt>
          <dd id="field">{fieldText(unit, look.inputs[0])}</dd>
          {unit.window === null ? null : <WindowFacts unit={unit} layer={layer} />}
        </dl>
      </div>
      {layer.shape.length === 3 ? <Stepper layer={layer} place={unit.place} /> : null}
      {unit.window === null ? (
        <p class="soft">{layer.kind} works value by value; it has no window.</p>
      ) : (
        <WindowSum window={unit.window} layer={layer} />
      )}
    </section>
  );
}

function UnitHeader({ unit, layer }: { readonly unit: UnitView; readonly layer: LookLayer }) {
  const { channel, y, x } = unit.place;
  const isImage = layer.shape.length === 3;
  const isPinned = state.pinned.value !== null && state.pointed.value === null;
  return (
    <header aria-live="polite" title="Maps, units, rows and columns are counted from 0.">
      <h2>
        {layer.name}, {isImage ? `map ${channel}` : `unit ${channel}`}
        {isImage ? (
          <span class="soft">
            {" "}
            row {y}, column {x}
          </span>
        ) : null}
      </h2>
      <p class="value numbers">
        {unit.values.map((value) => numberText(value, 4)).join(" and ")}
        {isPinned ? (
          <button
            type="button"
            class="quiet small"
            onClick={() => {
              state.pinned.value = null;
            }}
          >
            Unpin
          </button>
        ) : null}
      </p>
    </header>
  );
}

function fieldText({ field }: UnitView, image: { readonly height: number; readonly width: number }): string {
  const [height, width] = [field.bottom - field.top, field.right - field.left];
  if (height <= 0 || width <= 0) return "nothing: only padding";
  if (height === image.height && width === image.width) return `all of it, ${height} × ${width}`;
  return `${height} × ${width} pixels, rows ${field.top}–${field.bottom - 1}, columns ${field.left}–${field.right - 1}`;
}

function WindowFacts({ unit, layer }: { readonly unit: UnitView; readonly layer: LookLayer }) {
  const { window } = unit;
  if (window === null) return null;
  const { rows, columns, channels, strides, padding, dilations, operation } = window;
  if (operation === "product") {
    return (
      <>
        <dt>Inputs</dt>
        <dd>{channels.length.toLocaleString("en")} values, a weight each</dd>
      </>
    );
  }
  const around = [padding.top, padding.right, padding.bottom, padding.left];
  const stride = strides[0] === strides[1] ? strides[0] : strides.join(" × ");
  return (
    <>
      <dt>Window on {layer.inputs[0] ?? "the image"}</dt>
      <dd id="window-facts">
        {rows.length} × {columns.length}
        {operation === "convolution" ? ` × ${channels.length}` : ""}, stride {stride}, padding{" "}
        {around.every((side) => side === around[0]) ? around[0] : around.join(", ")}
        {dilations.some((one) => one > 1) ? `, dilation ${dilations.join(" × ")}` : ""}
      </dd>
    </>
  );
}

/** The next or previous window: along the row, then down. */
function stepped({ layer, channel, y, x }: UnitPlace, shape: readonly number[], by: 1 | -1): UnitPlace {
  const [height, width] = shape;
  const count = height * width;
  const at = (y * width + x + by + count) % count;
  return { layer, channel, y: Math.floor(at / width), x: at % width };
}

function Stepper({ layer, place }: { readonly layer: LookLayer; readonly place: UnitPlace }) {
  const [playing, setPlaying] = useState(false);
  const go = (by: 1 | -1) => {
    state.pointed.value = null;
    state.pinned.value = stepped(state.pinned.peek() ?? place, layer.shape, by);
  };
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => {
      const pinned = state.pinned.peek();
      if (pinned?.layer !== layer.name) setPlaying(false);
      else state.pinned.value = stepped(pinned, layer.shape, 1);
    }, pace);
    return () => clearInterval(timer);
  }, [playing, layer]);
  return (
    <fieldset class="row stepper" aria-label="Windows">
      <button type="button" class="small" onClick={() => go(-1)}>
        Previous window
      </button>
      <button type="button" class="small" onClick={() => go(1)}>
        Next window
      </button>
      <button
        type="button"
        class="small"
        aria-pressed={playing}
        onClick={() => {
          state.pinned.value ??= place;
          state.pointed.value = null;
          setPlaying(!playing);
        }}
      >
        {playing ? "Stop" : "Play"}
      </button>
    </fieldset>
  );
}
