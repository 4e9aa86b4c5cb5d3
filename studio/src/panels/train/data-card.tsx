import { signal } from "@preact/signals";
import { proxy } from "comlink";
import { useEffect, useState } from "preact/hooks";
import { lab } from "../../lab/client.ts";
import type { ServedDataset } from "../../lab/datasets.ts";
import type { ClassInfo, DataInfo } from "../../lab/train/types.ts";
import { Segments, SelectField, SliderField } from "../../ui/controls.tsx";
import { droppedFiles, isHidden, type NamedFile, pickedFiles } from "../../ui/files.ts";
import { MapCanvas } from "../../ui/map-canvas.tsx";
import { Notice } from "../../ui/notice.tsx";
import { count, shape } from "./format.ts";
import { Scroll } from "./scroll.tsx";
import { chooseData, dataBusy, dataFailure, dataInfo, isLocked } from "./state.ts";

const served = signal<readonly ServedDataset[] | null>(null);
/** Files of a folder that the page was given. */
const files = signal<readonly NamedFile[]>([]);
const isFolder = signal(false);
const imageSize = signal(32);
const channels = signal<1 | 3>(3);
const heldBack = signal(0.2);

/** What is trained on: a data set of the site, or a folder of one's own. */
export function DataCard() {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    if (served.peek() === null) void loadServed();
  }, []);
  const info = dataInfo.value;
  const locked = isLocked.value;
  return (
    <section
      class={`card ${isOver ? " data-over" : ""}`}
      aria-label="Data"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (event.dataTransfer !== null && !locked) void takeDropped(event.dataTransfer);
      }}
    >
      <h2>Data</h2>
      <div class="train-stack">
        <SelectField
          label="Images of"
          value={isFolder.value ? "folder" : (info?.id ?? "")}
          disabled={locked || dataBusy.value !== null}
          options={[
            ...(served.value ?? []).map(({ name, title }) => ({ value: name, label: title })),
            { value: "folder", label: "a folder of my own" },
          ]}
          onChange={(id) => {
            isFolder.value = id === "folder";
            if (id !== "folder") void chooseData(`Loading ${id} …`, () => lab.train.serve(id));
          }}
        />
        {isFolder.value ? <FolderFields locked={locked} /> : null}
        {dataBusy.value === null ? null : <p role="status">{dataBusy.value}</p>}
        {dataFailure.value === null ? null : (
          <Notice kind="error" onDismiss={() => (dataFailure.value = null)}>
            {dataFailure.value}
          </Notice>
        )}
        {info === null ? null : <Preview info={info} />}
      </div>
    </section>
  );
}

async function loadServed(): Promise<void> {
  // The first of them, so that one press of a button trains.
  const entries = await lab.datasets.served();
  served.value = entries;
  const [first] = entries;
  if (first === undefined) isFolder.value = true;
  else if (dataInfo.peek() === null)
    await chooseData(`Loading ${first.title} …`, () => lab.train.serve(first.name));
}

async function takeDropped(transfer: DataTransfer): Promise<void> {
  isFolder.value = true;
  await takeFiles(await droppedFiles(transfer));
}

async function takeFiles(found: readonly NamedFile[]): Promise<void> {
  files.value = found.filter(({ path }) => !isHidden(path));
  await readFolder();
}

async function readFolder(): Promise<void> {
  const all = files.peek();
  const title = all[0]?.path.split("/").at(0) ?? "folder";
  const options = {
    title,
    size: imageSize.peek(),
    channels: channels.peek(),
    validationShare: heldBack.peek(),
    seed: 1,
  };
  await chooseData(`Reading ${count(all.length)} files …`, (tell) =>
    lab.train.readFolder(
      all,
      options,
      proxy((done) => tell(`Reading files: ${count(done)} of ${count(all.length)}`)),
    ),
  );
}

function FolderFields({ locked }: { readonly locked: boolean }) {
  const again = () => {
    if (files.peek().length > 0) void readFolder();
  };
  return (
    <>
      <div class="train-fields">
        <SelectField
          label="Size"
          value={String(imageSize.value)}
          disabled={locked}
          options={[28, 32, 48, 64, 96, 128].map((size) => ({
            value: String(size),
            label: `${size} × ${size}`,
          }))}
          onChange={(size) => {
            imageSize.value = Number(size);
            again();
          }}
        />
        <SliderField
          label="Held back"
          shown={`${Math.round(100 * heldBack.value)} %`}
          value={heldBack.value}
          min={0.05}
          max={0.5}
          step={0.05}
          onChange={(share) => {
            heldBack.value = share;
          }}
        />
      </div>
      <div class="row">
        <Segments
          label="Colours"
          value={channels.value === 3 ? "colour" : "gray"}
          options={[
            { value: "colour", label: "Colour" },
            { value: "gray", label: "Gray" },
          ]}
          onChange={(value) => {
            channels.value = value === "gray" ? 1 : 3;
            again();
          }}
        />
        <label class="button">
          Choose folder …
          <input
            type="file"
            class="visually-hidden"
            multiple
            disabled={locked}
            ref={(element) => {
              if (element !== null) element.webkitdirectory = true;
            }}
            onChange={({ currentTarget }) => {
              const found = pickedFiles(currentTarget.files);
              currentTarget.value = "";
              void takeFiles(found);
            }}
          />
        </label>
        {files.value.length === 0 ? null : (
          <button type="button" disabled={locked} onClick={again}>
            Read again
          </button>
        )}
      </div>
      <p class="soft train-note">
        A folder with a folder for each class, chosen or dropped here. The images stay on this machine.
      </p>
    </>
  );
}

function Preview({ info }: { readonly info: DataInfo }) {
  const most = Math.max(...info.classes.map(({ trainCount }) => trainCount));
  return (
    <>
      <p class="soft train-note">
        {count(info.trainCount)} images to train on, {count(info.validationCount)} {info.validationTitle} held
        back, {shape(info.imageShape)}, {info.classes.length} classes
      </p>
      <Scroll class="classes wide" label="Classes">
        {info.classes.slice(0, mostClasses).map((one) => (
          <ClassRow key={one.name} info={info} of={one} most={most} />
        ))}
        {info.classes.length > mostClasses ? (
          <p class="soft train-note">and {count(info.classes.length - mostClasses)} more classes</p>
        ) : null}
      </Scroll>
      {info.problems.length === 0 ? null : (
        <details class="problems">
          <summary class="train-summary">{count(info.problems.length)} files left out</summary>
          <ul>
            {info.problems.slice(0, 200).map(({ path, problem }) => (
              <li key={path}>
                <code>{path}</code> {problem}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

const mostClasses = 100;
const sampleSize = 24;

function ClassRow({
  info,
  of,
  most,
}: {
  readonly info: DataInfo;
  readonly of: ClassInfo;
  readonly most: number;
}) {
  const [height = 1, width = 1, channelCount = 1] = info.imageShape;
  const number = of.samples.length / (height * width * channelCount);
  return (
    <div class="class-row">
      <span class="class-name" title={of.name}>
        {of.name}
      </span>
      <span class="class-count numbers" title={`${count(of.validationCount)} more are held back`}>
        {count(of.trainCount)}
        <i style={{ width: `${(100 * of.trainCount) / most}%` }} />
      </span>
      {number === 0 ? null : (
        <MapCanvas
          values={sideBySide(of.samples, number, height, width * channelCount)}
          width={width * number}
          height={height}
          channels={channelCount === 3 ? 3 : 1}
          size={sampleSize * number}
          label={`Images of ${of.name}`}
        />
      )}
    </div>
  );
}

const strips = new WeakMap<Uint8Array, Uint8Array>();

/** Images one behind the other as one that is so many times as wide. */
function sideBySide(images: Uint8Array, number: number, height: number, rowBytes: number): Uint8Array {
  const known = strips.get(images);
  if (known !== undefined) return known;
  const strip = new Uint8Array(images.length);
  for (let image = 0; image < number; image++) {
    for (let row = 0; row < height; row++) {
      const from = (image * height + row) * rowBytes;
      strip.set(images.subarray(from, from + rowBytes), (row * number + image) * rowBytes);
    }
  }
  strips.set(images, strip);
  return strip;
}
