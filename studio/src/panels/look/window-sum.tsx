import { useState } from "preact/hooks";
import type { LookLayer } from "../../lab/layer-list.ts";
import type { WindowView } from "../../lab/look.ts";
import { greatest } from "../../ui/colour.ts";
import { MapCanvas } from "../../ui/map-canvas.tsx";
import { MapSheet } from "../../ui/map-sheet.tsx";
import { NumberGrid } from "./number-grid.tsx";
import { numberText } from "./numbers.ts";

/** The sum behind a value, number by number. */
export function WindowSum({ window, layer }: { readonly window: WindowView; readonly layer: LookLayer }) {
  if (window.operation === "product") return <DenseSum window={window} layer={layer} />;
  if (window.kernel === null) return <Pooling window={window} />;
  return <ConvolutionSum window={window} />;
}

/** One channel of `[rows, columns, channels]`. */
function channelOf(
  { rows, columns, channels }: WindowView,
  values: Float32Array | Float64Array,
  channel: number,
): number[][] {
  return rows.map((_, y) =>
    columns.map((__, x) => values[(y * columns.length + x) * channels.length + channel]),
  );
}

const sumOf = (rows: readonly (readonly number[])[]) => rows.flat().reduce((sum, value) => sum + value, 0);

function ConvolutionSum({ window }: { readonly window: WindowView }) {
  const [chosen, choose] = useState(0);
  const { kernel, products, channels, inputs, padded } = window;
  if (kernel === null || products === null) return null;
  const channel = Math.min(chosen, channels.length - 1);
  const sums = channels.map((_, index) => sumOf(channelOf(window, products, index)));
  const limits = [greatest(inputs), greatest(kernel), greatest(products)];
  const name = channels.length === 1 ? "" : ` ${channels[channel]}`;
  return (
    <>
      {channels.length === 1 ? null : (
        <fieldset class="kernels" aria-label="Channel of the kernel">
          {channels.map((index, at) => (
            <button
              key={index}
              type="button"
              class="kernel"
              aria-pressed={at === channel}
              title={`Input channel ${index}: its products add up to ${numberText(sums[at], 4)}`}
              onClick={() => choose(at)}
            >
              <MapCanvas
                values={channelOf(window, kernel, at).flat()}
                width={window.columns.length}
                height={window.rows.length}
                scale="diverging"
                limit={limits[1]}
                size={30}
                label={`Kernel of input channel ${index}`}
                caption={<span class="numbers">{sumText([sums[at]])}</span>}
              />
            </button>
          ))}
        </fieldset>
      )}
      <div class="grids">
        <NumberGrid
          caption={`Window${name === "" ? "" : `, input channel${name}`}`}
          values={channelOf(window, inputs, channel)}
          padded={padded}
          limit={limits[0]}
        />
        <span class="sign" aria-hidden="true">
          ×
        </span>
        <NumberGrid caption="Kernel" values={channelOf(window, kernel, channel)} limit={limits[1]} />
        <span class="sign" aria-hidden="true">
          =
        </span>
        <NumberGrid
          caption="Products"
          values={channelOf(window, products, channel)}
          padded={padded}
          limit={limits[2]}
        />
      </div>
      <Total window={window} parts={channels.length === 1 ? null : sums} />
    </>
  );
}

/** How the parts become the value in the map. */
function Total({ window, parts }: { readonly window: WindowView; readonly parts: readonly number[] | null }) {
  const { sum, bias, activation, output } = window;
  const withBias = sum + (bias ?? 0);
  return (
    <dl class="total numbers">
      {parts === null ? null : (
        <div class="parts">
          <dt>Channels</dt>
          <dd>
            {parts.length <= 16 ? sumText(parts) : `${sumText(parts.slice(0, 8))} + … (${parts.length})`}
          </dd>
        </div>
      )}
      <div>
        <dt>Sum of products</dt>
        <dd>{numberText(sum, 4)}</dd>
      </div>
      {bias === null ? null : (
        <div>
          <dt>+ bias {numberText(bias, 4)}</dt>
          <dd>{numberText(withBias, 4)}</dd>
        </div>
      )}
      {activation === "linear" ? null : (
        <div>
          <dt>
            {activation}({numberText(withBias, 4)})
          </dt>
          <dd>{numberText(output, 4)}</dd>
        </div>
      )}
      <div class="result">
        <dt>In the map</dt>
        <dd id="window-output">{numberText(output, 4)}</dd>
      </div>
    </dl>
  );
}

function sumText(parts: readonly number[]): string {
  return parts
    .map((part, index) => {
      const text = Math.abs(part).toFixed(2);
      if (index === 0) return part < 0 ? `−${text}` : text;
      return `${part < 0 ? "−" : "+"} ${text}`;
    })
    .join(" ");
}

function Pooling({ window }: { readonly window: WindowView }) {
  const { inputs, padded, greatest: top, sum, divisor, operation, output } = window;
  const values = channelOf(window, inputs, 0);
  return (
    <>
      <div class="grids">
        <NumberGrid caption="Window" values={values} padded={padded} limit={greatest(inputs)} marked={top} />
      </div>
      <dl class="total numbers">
        {operation === "average" ? (
          <div>
            <dt>
              Sum {numberText(sum * (divisor ?? 1), 4)} / {divisor}
            </dt>
            <dd>{numberText(output, 4)}</dd>
          </div>
        ) : null}
        <div class="result">
          <dt>{operation === "average" ? "In the map: the mean" : "In the map: the greatest"}</dt>
          <dd id="window-output">{numberText(output, 4)}</dd>
        </div>
      </dl>
    </>
  );
}

/** As many inputs as are told by name. */
const mostTold = 4;

/** A unit of a dense layer: its weights as maps, where it sees maps, and what each input adds. */
function DenseSum({ window, layer }: { readonly window: WindowView; readonly layer: LookLayer }) {
  const { kernel, products, inputs } = window;
  if (kernel === null || products === null) return null;
  const shape = layer.spread ?? [1, 1, kernel.length];
  const [height, width, count] = shape[0] * shape[1] === 1 ? [1, 1, kernel.length] : shape;
  const told = Array.from(products, (product, index) => ({ product, index }))
    .sort((a, b) => Math.abs(b.product) - Math.abs(a.product))
    .slice(0, mostTold);
  return (
    <>
      {(["Weights", "Input × weight"] as const).map((caption) => {
        const values = caption === "Weights" ? kernel : Float32Array.from(products);
        return (
          <figure key={caption} class="dense-maps">
            <figcaption>{caption}</figcaption>
            <MapSheet
              values={planar(values, height * width, count)}
              {...{ count, height, width }}
              signed
              limit={greatest(values)}
              marked={null}
              label={`${caption} of the unit`}
            />
          </figure>
        );
      })}
      <dl class="total numbers">
        <div class="parts">
          <dt>Most of it</dt>
          <dd>
            {told.map(({ index }) => (
              <span key={index} class="term">
                {numberText(inputs[index], 2)} · {numberText(kernel[index], 2)}
              </span>
            ))}
          </dd>
        </div>
      </dl>
      <Total window={window} parts={null} />
    </>
  );
}

/** `[places, count]` as maps one behind the other. */
function planar(values: Float32Array, places: number, count: number): Float32Array {
  const maps = new Float32Array(values.length);
  for (let place = 0; place < places; place++)
    for (let map = 0; map < count; map++) maps[map * places + place] = values[place * count + map];
  return maps;
}
