import { useState } from "preact/hooks";
import { Segments, SelectField } from "./controls.tsx";
import { DigitPad } from "./digit-pad.tsx";
import { FileButton } from "./file-button.tsx";
import { type ImageChoice, type ImageOrigin, servedDatasets } from "./image-choice.ts";
import { Notice } from "./notice.tsx";
import "./image-source.css";

const origins = [
  { value: "draw", label: "Draw" },
  { value: "example", label: "Example" },
  { value: "photo", label: "Photo" },
] as const satisfies readonly { readonly value: ImageOrigin; readonly label: string }[];

/** Chooses an image: a drawing, an example of a data set, or a photo. */
export function ImageSource({ of, label }: { readonly of: ImageChoice; readonly label: string }) {
  const origin = of.origin.value;
  const [over, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a photo can be dropped here; the button of "Photo" does the same.
    <div
      class={over ? "image-source stack over" : "image-source stack"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file !== undefined) void of.open(file);
      }}
    >
      <Segments
        label={label}
        value={origin}
        options={origins}
        onChange={(value) => {
          of.origin.value = value;
          of.failure.value = null;
        }}
      />
      {origin === "draw" ? (
        <DigitPad
          strokes={of.strokes.value}
          onChange={(strokes) => {
            of.strokes.value = strokes;
          }}
        />
      ) : null}
      {origin === "example" ? <Example of={of} /> : null}
      {origin === "photo" ? <Photo of={of} /> : null}
      {of.failure.value === null ? null : (
        <Notice
          kind="error"
          onDismiss={() => {
            of.failure.value = null;
          }}
        >
          {of.failure.value}
        </Notice>
      )}
    </div>
  );
}

function Example({ of }: { readonly of: ImageChoice }) {
  const served = servedDatasets.value;
  const examples = of.examples.value;
  if (served !== null && served.length === 0) {
    return <Notice>This site serves no data set: draw a digit, or open a photo.</Notice>;
  }
  const [label, place] = [of.label.value, of.place.value];
  const count = examples?.byClass[label]?.length ?? 0;
  return (
    <div class="example">
      {served === null || served.length < 2 ? null : (
        <SelectField
          label="Data"
          value={of.dataset.value ?? ""}
          options={served.map(({ name, title }) => ({ value: name, label: title }))}
          onChange={(name) => void of.choose(name)}
        />
      )}
      <SelectField
        label="Class"
        value={String(label)}
        options={(examples?.classNames ?? [String(label)]).map((name, index) => ({
          value: String(index),
          label: name,
        }))}
        disabled={examples === null}
        onChange={(value) => of.pick(Number(value), 0)}
      />
      <div class="row steps">
        <button type="button" disabled={count === 0} onClick={() => of.pick(label, place - 1)}>
          Previous
        </button>
        <button type="button" disabled={count === 0} onClick={() => of.pick(label, place + 1)}>
          Next
        </button>
        <span class="soft numbers">
          {count === 0 ? "…" : `${place + 1} of ${count.toLocaleString("en")}`}
        </span>
      </div>
    </div>
  );
}

function Photo({ of }: { readonly of: ImageChoice }) {
  const photo = of.photo.value;
  return (
    <div class="drop">
      <FileButton
        label="Choose a photo"
        accept="image/*,.pgm,.ppm"
        single
        onFiles={([first]) => {
          if (first !== undefined) void of.open(first.file);
        }}
      >
        Choose a photo
      </FileButton>
      <span class="soft">
        {photo === null ? "or drop one here" : `${photo.name}, ${photo.width} × ${photo.height}`}
      </span>
    </div>
  );
}
