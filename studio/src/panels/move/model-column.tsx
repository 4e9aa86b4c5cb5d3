import { useMemo } from "preact/hooks";
import type { ModelEntry } from "../../lab/models.ts";
import { ClassBars, percent } from "../../ui/class-bars.tsx";
import { Stats } from "../../ui/controls.tsx";
import { averages } from "./averages.ts";
import { MoveMap } from "./move-map.tsx";
import * as state from "./state.ts";

/** One net: what it says of the image where it is now, and of all other places. */
export function ModelColumn({ model, series }: { readonly model: ModelEntry; readonly series: number }) {
  const moved = state.moved.value.get(model.id);
  const figures = state.surveys.value.get(model.id);
  const side = 2 * state.maxShift.value + 1;
  const reach = state.maxShift.value;
  const fits = moved !== undefined && moved.maxShift === reach;
  const { dx, dy } = state.place.value;
  const asked = moved === undefined ? 0 : askedClass(moved.probabilities, moved);
  const ofImage = useMemo(() => {
    const all = new Float32Array(side * side).fill(Number.NaN);
    if (moved === undefined || !fits) return all;
    return all.map((_, at) => moved.probabilities[at * moved.classes + asked]);
  }, [moved, fits, side, asked]);
  const ofData = useMemo(() => {
    const all = new Float32Array(side * side).fill(Number.NaN);
    for (const { dx: x, dy: y, accuracy } of figures?.values() ?? []) {
      if (Math.max(Math.abs(x), Math.abs(y)) <= reach) all[(y + reach) * side + x + reach] = accuracy;
    }
    return all;
  }, [figures, side, reach]);
  const name = model.classNames?.[asked] ?? String(asked);
  const known = moved?.input.label !== null && moved?.input.label !== undefined;
  const at = moved === undefined || !fits ? null : ((dy + reach) * side + dx + reach) * moved.classes;
  const summary = figures === undefined ? null : averages([...figures.values()]);
  return (
    <section class="card stack net" aria-label={model.name}>
      <header>
        <h2>
          <span class={`swatch s${series}`} />
          {model.name}
        </h2>
        <span class="soft">{model.origin}</span>
        <button
          type="button"
          class="quiet small"
          aria-label={`Take ${model.name} away`}
          onClick={() => state.remove(model.id)}
        >
          ✕
        </button>
      </header>
      {moved === undefined || at === null ? null : (
        <ClassBars
          probabilities={Array.from(moved.probabilities.subarray(at, at + moved.classes))}
          classNames={model.classNames}
          label={moved.input.label}
        />
      )}
      <div class="maps">
        <MoveMap
          title={known ? `This image: ${name}` : `This image: still ${name}`}
          values={ofImage}
          side={side}
          label={`Probability of ${name} for every move of the image`}
        />
        <MoveMap
          title="Test images: right"
          values={ofData}
          side={side}
          label="Share of the test images that the net gets right, for every move"
        />
      </div>
      {summary === null ? null : (
        <Stats
          of={[
            ["Not moved", percent(summary.clean)],
            ["Mean of moves", percent(summary.accuracy)],
            ["Worst move", percent(summary.lowest)],
            ["Consistency", percent(summary.consistency)],
          ]}
        />
      )}
    </section>
  );
}

/** The true class; of an image of which it is not known, the one that the net says when it is not moved. */
function askedClass(
  probabilities: Float32Array,
  { input, classes, maxShift }: { input: { label: number | null }; classes: number; maxShift: number },
): number {
  if (input.label !== null && input.label < classes) return input.label;
  const begin = (maxShift * (2 * maxShift + 1) + maxShift) * classes;
  let best = 0;
  for (let index = 1; index < classes; index++) {
    if (probabilities[begin + index] > probabilities[begin + best]) best = index;
  }
  return best;
}
