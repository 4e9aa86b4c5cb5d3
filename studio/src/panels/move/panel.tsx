import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { StarterNet } from "../../lab/starter.ts";
import { Segments, SelectField, SliderField } from "../../ui/controls.tsx";
import { ImageSource } from "../../ui/image-source.tsx";
import { LineChart, type Series } from "../../ui/line-chart.tsx";
import { Notice } from "../../ui/notice.tsx";
import { OpenModel } from "../../ui/open-model.tsx";
import { Panel } from "../../ui/panel.tsx";
import { StarterButton, StarterStatus } from "../../ui/starter.tsx";
import { byDistance } from "./averages.ts";
import { DragPad } from "./drag-pad.tsx";
import { ModelColumn } from "./model-column.tsx";
import * as state from "./state.ts";
import "./move.css";

/** Drag an image under several nets, and see which of them lose it. */
export function MovePanel() {
  return (
    <Panel id="move">
      <div class="move">
        <div class="stack">
          <Images />
          <Options />
        </div>
        <div class="stack">
          {state.failure.value === null ? null : (
            <Notice
              kind="error"
              onDismiss={() => {
                state.failure.value = null;
              }}
            >
              {state.failure.value}
            </Notice>
          )}
          {state.compared.value.length === 0 ? <Welcome /> : <Nets />}
          <Curves />
        </div>
      </div>
    </Panel>
  );
}

function Images() {
  const [first] = state.compared.value;
  const input = first === undefined ? undefined : state.moved.value.get(first.id)?.input;
  return (
    <>
      {input === undefined ? null : (
        <section class="card moved" aria-label="Moved image">
          <DragPad image={input} />
        </section>
      )}
      <section class="card stack" aria-label="Image">
        <ImageSource of={state.image} label="Image from" />
      </section>
    </>
  );
}

const limits = [200, 1000, 5000, 10_000];

function Options() {
  return (
    <section class="card stack" aria-label="Moves">
      <SliderField
        label="Farthest move"
        value={state.maxShift.value}
        min={1}
        max={10}
        step={1}
        shown={`${state.maxShift.value} px`}
        onChange={(value) => {
          state.maxShift.value = value;
        }}
      />
      <SelectField
        label="Test images"
        value={String(state.limit.value)}
        options={limits.map((count) => ({ value: String(count), label: count.toLocaleString("en") }))}
        onChange={(value) => {
          state.limit.value = Number(value);
        }}
      />
      {state.surveying.value === null ? (
        <button
          type="button"
          class="primary"
          disabled={state.compared.value.length === 0}
          onClick={() => void state.survey()}
        >
          Move the test images
        </button>
      ) : (
        <button type="button" onClick={state.stopSurvey}>
          Stop
        </button>
      )}
    </section>
  );
}

function Welcome() {
  return (
    <section class="card stack welcome" aria-label="Networks">
      <h2>There is no network yet</h2>
      <p>
        Train a dense and a convolutional network on handwritten digits, here in the page: an epoch each takes
        a few seconds. Both will be right nearly always; then drag the digit.
      </p>
      <div class="row">
        <StarterButton primary nets={["dense", "convnet-bn"]}>
          Train a dense and a convolutional net
        </StarterButton>
        <OpenModel onOpen={state.add} />
      </div>
      <StarterStatus />
    </section>
  );
}

/** What is worth having beside others. */
const starters: readonly { readonly net: StarterNet; readonly title: string }[] = [
  { net: "dense", title: "Train a dense one" },
  { net: "convnet-bn", title: "Train a convolutional one" },
  { net: "convnet-gmp", title: "Train one with global pooling" },
  { net: "convnet-blur", title: "Train one with anti-aliased pooling" },
];

function Nets() {
  const nets = state.compared.value;
  const full = nets.length >= state.mostModels;
  return (
    <>
      <div class="nets">
        {nets.map((model, index) => (
          <ModelColumn key={model.id} model={model} series={index + 1} />
        ))}
      </div>
      {full ? null : (
        <section class="card stack" aria-label="More networks">
          <div class="row">
            {state.others.value.map(({ id, name, origin }) => (
              <button key={id} type="button" onClick={() => state.add(id)}>
                Add {name} ({origin})
              </button>
            ))}
            {starters
              .filter(({ net }) => !nets.some(({ name }) => name === net))
              .map(({ net, title }) => (
                <StarterButton key={net} nets={[net]} onDone={({ id }) => state.add(id)}>
                  {title}
                </StarterButton>
              ))}
            <OpenModel onOpen={state.add} />
          </div>
          <StarterStatus />
        </section>
      )}
    </>
  );
}

const shown = signal<"accuracy" | "consistency">("accuracy");
const colours = [1, 2, 3, 4] as const;

/** Share of images by how far they are moved, a curve for each net. */
function Curves() {
  const [reach, surveys, of] = [state.maxShift.value, state.surveys.value, shown.value];
  const nets = state.compared.value;
  const x = useMemo(() => Array.from({ length: reach + 1 }, (_, distance) => distance), [reach]);
  const series = useMemo<readonly Series[]>(
    () =>
      nets.map(({ id, name }, index) => ({
        name,
        colour: colours[index] ?? 1,
        values: byDistance([...(surveys.get(id)?.values() ?? [])], of, reach),
      })),
    [nets, surveys, of, reach],
  );
  if (surveys.size === 0) return null;
  return (
    <section class="card stack" aria-label="Curves">
      <Segments
        label="Curves of"
        value={of}
        options={[
          { value: "accuracy", label: "Right" },
          { value: "consistency", label: "Same as not moved" },
        ]}
        onChange={(value) => {
          shown.value = value;
        }}
      />
      <LineChart
        title={
          of === "accuracy" ? "Share of test images that are right" : "Share of which the net says the same"
        }
        x={x}
        xLabel="pixels moved, the farther of both directions"
        series={series}
        wholeX
        endLabels
        format={(value) => `${(100 * value).toFixed(0)} %`}
        shares
      />
    </section>
  );
}
