import type { RunEntry } from "fovea/server";
import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../../errors.ts";
import { lab } from "../../lab/client.ts";
import type { ExampleMaps, FirstFilters, RunExample, RunPicture } from "../../lab/runs.ts";
import { goTo } from "../../route.ts";
import { MapCanvas } from "../../ui/map-canvas.tsx";
import { Notice } from "../../ui/notice.tsx";
import { addressOf } from "./feed.ts";

/** Width of a map on the page, in CSS pixels. */
const mapSize = 56;

/** What a run's model looks for and sees, anew with each checkpoint, and where to go on with it. */
export function RunMaps({ run, colour }: { readonly run: RunEntry; readonly colour: number }) {
  const [failure, setFailure] = useState<string | null>(null);
  const picture = usePicture(run, setFailure);
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
        <p class="soft">Its filters and maps appear with the first checkpoint.</p>
      ) : picture === null ? null : (
        <>
          {picture.filters === null ? (
            <p class="soft">Its first layer has no filters that could be shown as images.</p>
          ) : (
            <FilterSheet of={picture.filters} />
          )}
          {picture.example?.layers.map((maps, place) => (
            <MapsSheet key={maps.layer} of={maps} example={place === 0 ? picture.example : null} />
          ))}
        </>
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

/** A layer's maps, in one scale; the image that they are of goes before those of the first. */
function MapsSheet({
  of: { layer, width, height, maps, count, least, greatest },
  example,
}: {
  readonly of: ExampleMaps;
  readonly example: RunExample | null;
}) {
  const what = maps.length === count ? `${count} maps` : `the first ${maps.length} of ${count} maps`;
  return (
    <figure class="runs-maps">
      <figcaption class="soft">
        {layer}: {what} of {height} x {width}, values from {least.toPrecision(3)} to {greatest.toPrecision(3)}
      </figcaption>
      <div class="runs-sheet">
        {example === null ? null : <ExampleImage of={example} />}
        {maps.map((values, index) => (
          <MapCanvas
            // Maps keep their places.
            key={`${layer} ${index}`}
            {...{ values, width, height }}
            scale={least < 0 ? "diverging" : "sequential"}
            limit={Math.max(-least, greatest)}
            size={mapSize}
            label={`Map ${index + 1} of ${layer}`}
          />
        ))}
      </div>
    </figure>
  );
}

function ExampleImage({ of: { image, title } }: { readonly of: RunExample }) {
  return (
    <MapCanvas
      values={image.pixels}
      width={image.width}
      height={image.height}
      channels={image.channels === 3 ? 3 : 1}
      size={mapSize}
      label={`The image that maps are of: ${title}`}
    />
  );
}

/** What the newest weights look for and see. While some are fetched no others are: a large net takes its time. */
function usePicture(
  { name, data, weights }: RunEntry,
  fail: (message: string | null) => void,
): RunPicture | null {
  const [picture, setPicture] = useState<RunPicture | null>(null);
  const [shown, setShown] = useState<number | null>(null);
  const isBusy = useRef(false);
  const wanted = weights?.modified ?? null;
  useEffect(() => {
    if (wanted === null || wanted === shown || isBusy.current) return;
    isBusy.current = true;
    lab.runs
      .picture(addressOf(name, "model"), name, data)
      .then(setPicture, (error: unknown) => fail(messageOf(error)))
      .finally(() => {
        isBusy.current = false;
        setShown(wanted);
      });
  }, [name, data, wanted, shown, fail]);
  return picture;
}
