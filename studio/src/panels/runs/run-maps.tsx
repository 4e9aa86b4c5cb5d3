import type { RunEntry } from "fovea/server";
import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../../errors.ts";
import { lab } from "../../lab/client.ts";
import type { FirstFilters } from "../../lab/runs.ts";
import { goTo } from "../../route.ts";
import { MapCanvas } from "../../ui/map-canvas.tsx";
import { Notice } from "../../ui/notice.tsx";
import { addressOf } from "./feed.ts";

/** What a run's model looks for, anew with each checkpoint, and where to go on with it. */
export function RunMaps({ run, colour }: { readonly run: RunEntry; readonly colour: number }) {
  const [failure, setFailure] = useState<string | null>(null);
  const filters = useFilters(run, setFailure);
  const open = async (panel: "look" | "move") => {
    try {
      await lab.runs.open(addressOf(run.name, "model"), run.name);
      goTo(panel);
    } catch (error) {
      setFailure(messageOf(error));
    }
  };
  const disabled = run.weights === null;
  return (
    <section class="card" aria-label={run.name}>
      <h2>
        <span class="runs-dot" data-colour={colour} /> {run.name}
      </h2>
      <div class="row">
        <button type="button" disabled={disabled} onClick={() => void open("look")}>
          Look inside
        </button>
        <button type="button" disabled={disabled} onClick={() => void open("move")}>
          Move it
        </button>
        {run.hasReport ? (
          <a href={addressOf(run.name, "report")} target="_blank" rel="noreferrer">
            Report
          </a>
        ) : null}
      </div>
      {failure === null ? null : (
        <Notice kind="error" onDismiss={() => setFailure(null)}>
          {failure}
        </Notice>
      )}
      {disabled ? (
        <p class="soft">Its filters appear with the first checkpoint.</p>
      ) : filters === "none" ? (
        <p class="soft">Its first layer has no filters that could be shown as images.</p>
      ) : filters === null ? null : (
        <FilterSheet of={filters} />
      )}
    </section>
  );
}

function FilterSheet({
  of: { layer, isConvolution, width, height, channels, filters, count, limit },
}: {
  readonly of: FirstFilters;
}) {
  const kind = isConvolution ? "filters" : "units";
  const what =
    filters.length === count ? `${count} ${kind}` : `the first ${filters.length} of ${count} ${kind}`;
  const size = `${height} x ${width}${channels === 3 ? ", in colour" : ""}`;
  return (
    <figure class="runs-filters">
      <figcaption class="soft">
        {layer}: {what} of {size}; the strongest weight is {limit.toPrecision(3)}
      </figcaption>
      <div class="runs-sheet">
        {filters.map((values, index) => (
          <MapCanvas
            // Filters keep their places.
            key={`${layer} ${index}`}
            values={values}
            width={width}
            height={height}
            channels={channels}
            scale="diverging"
            limit={limit}
            size={width > 12 ? 56 : 40}
            label={`${isConvolution ? "Filter" : "Unit"} ${index + 1} of ${layer}`}
          />
        ))}
      </div>
    </figure>
  );
}

/** The filters of the newest weights. While some are fetched no others are: a large net takes its time. */
function useFilters(
  { name, weights }: RunEntry,
  fail: (message: string | null) => void,
): FirstFilters | "none" | null {
  const [filters, setFilters] = useState<FirstFilters | "none" | null>(null);
  const [shown, setShown] = useState<number | null>(null);
  const isBusy = useRef(false);
  const wanted = weights?.modified ?? null;
  useEffect(() => {
    if (wanted === null || wanted === shown || isBusy.current) return;
    isBusy.current = true;
    lab.runs
      .filters(addressOf(name, "model"), name)
      .then(
        (found) => setFilters(found ?? "none"),
        (error: unknown) => fail(messageOf(error)),
      )
      .finally(() => {
        isBusy.current = false;
        setShown(wanted);
      });
  }, [name, wanted, shown, fail]);
  return filters;
}
