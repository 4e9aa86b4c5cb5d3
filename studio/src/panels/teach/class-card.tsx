import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { FileButton } from "../../ui/file-button.tsx";
import type { NamedFile } from "../../ui/files.ts";
import { startCamera, takePhoto } from "./camera.ts";
import { addPhotos, type CollectedClass, removeClass, removePhotos, renameClass } from "./collection.ts";
import { DropZone } from "./drop-zone.tsx";
import { leftOut, sortFiles } from "./files.ts";

/** What to say of files that were left out. */
export const filesNotice = signal<string | null>(null);

/** Between two photos while the button is held. */
const captureMilliseconds = 160;

/** A class: its name, its photos, and the ways to more of them. */
export function ClassCard({ of: { id, name, photos } }: { readonly of: CollectedClass }) {
  const add = (files: readonly NamedFile[]) => {
    const { groups, others } = sortFiles(files);
    filesNotice.value = leftOut(others);
    addPhotos(id, [...groups.values()].flat());
  };
  const good = photos.filter(({ problem }) => problem === null).length;
  return (
    <DropZone class="card class-card" label={`Class ${name}`} onFiles={add}>
      <div class="row head">
        <input
          type="text"
          value={name}
          maxLength={60}
          aria-label="Name of the class"
          onInput={({ currentTarget }) => renameClass(id, currentTarget.value)}
        />
        <span class="soft count">{good === 1 ? "1 photo" : `${good} photos`}</span>
        <button
          type="button"
          class="quiet small"
          aria-label={`Remove class ${name}`}
          onClick={() => removeClass(id)}
        >
          ✕
        </button>
      </div>
      <div class="row">
        <CaptureButton id={id} name={name} count={photos.length} />
        <FileButton label={`Add files to ${name}`} accept="image/*" onFiles={add}>
          Add files …
        </FileButton>
        <span class="soft hint">or drop photos here</span>
      </div>
      {photos.length === 0 ? null : (
        <ul class="thumbnails" aria-label={`Photos of ${name}`}>
          {photos.map((photo) => (
            <li
              key={photo.id}
              class={photo.problem === null ? "" : "unreadable"}
              title={photo.problem ?? photo.name}
            >
              {photo.thumbnail === null ? (
                <span class="no-picture">{photo.problem === null ? "…" : "unreadable"}</span>
              ) : (
                <img src={photo.thumbnail} alt={photo.name} width="56" height="56" />
              )}
              <button
                type="button"
                aria-label={`Remove ${photo.name}`}
                onClick={() => removePhotos([photo.id])}
              >
                ✕
              </button>
            </li>
          ))}
        </ul>
      )}
    </DropZone>
  );
}

interface CaptureButtonProps {
  readonly id: string;
  readonly name: string;
  readonly count: number;
}

/** Takes photos as long as it is held, by pointer or by key. */
function CaptureButton({ id, name, count }: CaptureButtonProps) {
  const timer = useRef<ReturnType<typeof setInterval> | null>(null);
  const taken = useRef(count);
  taken.current = count;
  const busy = useRef(false);
  const capture = async () => {
    // A machine that is slow takes fewer.
    if (busy.current) return;
    busy.current = true;
    const photo = await takePhoto();
    busy.current = false;
    if (photo !== null) addPhotos(id, [{ name: `camera ${taken.current + 1}`, file: photo }]);
  };
  const stop = () => {
    if (timer.current !== null) clearInterval(timer.current);
    timer.current = null;
  };
  const start = () => {
    if (timer.current !== null) return;
    timer.current = setInterval(() => void capture(), captureMilliseconds);
    void startCamera().then((isOn) => (isOn ? capture() : stop()));
  };
  useEffect(() => stop, []);
  const isKey = ({ key }: KeyboardEvent) => key === " " || key === "Enter";
  return (
    <button
      type="button"
      class="primary capture"
      aria-label={`Hold to capture photos of ${name}`}
      onPointerDown={(event) => {
        if (event.button === 0) start();
      }}
      onPointerUp={stop}
      onPointerLeave={stop}
      onPointerCancel={stop}
      onBlur={stop}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (!isKey(event)) return;
        event.preventDefault();
        if (!event.repeat) start();
      }}
      onKeyUp={(event) => {
        if (isKey(event)) stop();
      }}
    >
      Hold to capture
    </button>
  );
}
