import { signal, useComputed } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { messageOf } from "../../errors.ts";
import { lab } from "../../lab/client.ts";
import type { DataInfo, Insight, MapStack, Prediction } from "../../lab/train/types.ts";
import { greatest } from "../../ui/colour.ts";
import { MapCanvas } from "../../ui/map-canvas.tsx";
import { shown } from "./state.ts";

/** Images whose predictions are shown. */
const exampleCount = 10;
/** Between two looks at least; and so many times as long as a look takes, so that the run goes on almost undisturbed. */
const pauseMilliseconds = 400;
const pauseFactor = 6;

/** The last look, and at which model. */
const insight = signal<{ readonly modelId: string; readonly seen: Insight } | null>(null);
const failure = signal<string | null>(null);
const draw = signal(0);
const example = signal<number | null>(null);

/** What the model that is trained looks for and sees, as it changes. */
export function InsightCard() {
  const run = shown.value;
  const modelId = run?.info.modelId ?? null;
  const dataId = run?.data.id ?? null;
  const ended = useComputed(() => (shown.value?.result ?? null) !== null).value;
  const position = useComputed(() => {
    const now = shown.value?.update;
    return now?.state === "paused" ? JSON.stringify(now.position) : "";
  }).value;
  const round = draw.value;
  const chosen = example.value;
  useEffect(() => {
    if (modelId === null || dataId === null) return;
    let stopped = false;
    const look = async () => {
      try {
        const indices = await lab.train.examples(dataId, exampleCount, round);
        const now = chosen !== null && indices.includes(chosen) ? chosen : indices[0];
        do {
          const begin = performance.now();
          const seen = await lab.train.look({ modelId, dataId, indices, example: now });
          if (stopped) return;
          insight.value = { modelId, seen };
          failure.value = null;
          if (ended || position !== "") return;
          const rest = Math.max(pauseMilliseconds, pauseFactor * (performance.now() - begin));
          await new Promise((resolve) => setTimeout(resolve, rest));
        } while (!stopped);
      } catch (error) {
        if (!stopped) failure.value = messageOf(error);
      }
    };
    void look();
    return () => {
      stopped = true;
    };
  }, [modelId, dataId, ended, position, round, chosen]);
  const seen = insight.value?.modelId === modelId ? insight.value.seen : null;
  return (
    <section class="card" aria-label="What it sees">
      <div class="train-head">
        <h2>What it sees</h2>
        <button type="button" class="small" disabled={run === null} onClick={() => draw.value++}>
          Other images
        </button>
      </div>
      {failure.value === null || run === null ? null : <p class="soft">{failure.value}</p>}
      {run === null || seen === null ? (
        <p class="soft train-empty">
          Filters, feature maps and predictions of the model appear here, and change while it learns.
        </p>
      ) : (
        <div class="train-stack">
          <Predictions seen={seen} info={run.data} />
          {seen.filters === null ? null : <Stack of={seen.filters} what="Filters" />}
          {seen.maps.map((maps) => (
            <Stack key={maps.layer} of={maps} what="Feature maps" />
          ))}
        </div>
      )}
    </section>
  );
}

function Predictions({ seen, info }: { readonly seen: Insight; readonly info: DataInfo }) {
  const names = info.classes.map(({ name }) => name);
  const right = seen.predictions.filter((one) => bestOf(one)[0]?.index === one.label).length;
  return (
    <div>
      <h3>
        Predictions{" "}
        <small class="soft">{`${right} of ${seen.predictions.length} right; choose an image for the maps below`}</small>
      </h3>
      <div class="predictions">
        {seen.predictions.map((prediction, place) => (
          <PredictionTile
            key={prediction.index}
            prediction={prediction}
            names={names}
            info={info}
            isChosen={prediction.index === example.value || (example.value === null && place === 0)}
          />
        ))}
      </div>
    </div>
  );
}

function bestOf({
  probabilities,
}: Prediction): readonly { readonly index: number; readonly share: number }[] {
  return [...probabilities]
    .map((share, index) => ({ share, index }))
    .sort((one, other) => other.share - one.share)
    .slice(0, 2);
}

function PredictionTile(props: {
  readonly prediction: Prediction;
  readonly names: readonly string[];
  readonly info: DataInfo;
  readonly isChosen: boolean;
}) {
  const { prediction, names, info, isChosen } = props;
  const [height = 1, width = 1, channels = 1] = info.imageShape;
  const best = bestOf(prediction);
  const isRight = best[0]?.index === prediction.label;
  return (
    <button
      type="button"
      class={`prediction${isRight ? "" : " wrong"}`}
      aria-pressed={isChosen}
      onClick={() => {
        example.value = prediction.index;
      }}
    >
      <MapCanvas
        values={prediction.image}
        width={width}
        height={height}
        channels={channels === 3 ? 3 : 1}
        size={44}
        label={`Image of ${names[prediction.label]}`}
      />
      <span class="guesses">
        {best.map(({ index, share }) => (
          <span key={index} class={index === prediction.label ? "guess true" : "guess"}>
            <i style={{ width: `${100 * share}%` }} />
            <b>{names[index] ?? index}</b>
            <span class="numbers">{Math.round(100 * share)}</span>
          </span>
        ))}
        {isRight ? null : <small class="guess-truth">is {names[prediction.label]}</small>}
      </span>
    </button>
  );
}

function Stack({ of, what }: { readonly of: MapStack; readonly what: string }) {
  const { layer, height, width, count, values } = of;
  const size = height * width;
  const shownCount = values.length / size;
  const limit = useMemo(() => greatest(values), [values]);
  // Before a ReLU of its own layer a map goes below 0, which must not look like nothing.
  const scale = useMemo(() => (values.some((value) => value < 0) ? "diverging" : "sequential"), [values]);
  // The same parts as long as the values are: then nothing is drawn again.
  const parts = useMemo(
    () => Array.from({ length: shownCount }, (_, index) => values.subarray(index * size, (index + 1) * size)),
    [values, size, shownCount],
  );
  return (
    <div>
      <h3>
        {what}{" "}
        <small class="soft">{`${layer}, ${height} × ${width}, ${shownCount === count ? count : `${shownCount} of ${count}`}`}</small>
      </h3>
      <div class="maps">
        {parts.map((part, index) => (
          <MapCanvas
            key={index}
            values={part}
            width={width}
            height={height}
            scale={scale}
            limit={limit}
            size="fill"
            label={`${what} of ${layer}, number ${index + 1}`}
          />
        ))}
      </div>
    </div>
  );
}
