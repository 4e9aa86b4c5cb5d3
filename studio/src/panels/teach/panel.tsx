import { useEffect } from "preact/hooks";
import { FileButton } from "../../ui/file-button.tsx";
import type { NamedFile } from "../../ui/files.ts";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/panel.tsx";
import { BackboneCard } from "./backbone-card.tsx";
import { stopCamera, stream } from "./camera.ts";
import { ClassCard, filesNotice } from "./class-card.tsx";
import { addClass, addGroups, classes, removePhotos, unreadable } from "./collection.ts";
import { DropZone } from "./drop-zone.tsx";
import { leftOut, sortFiles } from "./files.ts";
import { setOpen } from "./teacher.ts";
import { TrainCard } from "./train-card.tsx";
import { Preview, TryCard } from "./try-card.tsx";
import "./teach.css";

/** A folder of folders fills a class each. */
function addFolder(files: readonly NamedFile[]): void {
  const { groups, others } = sortFiles(files);
  const loose = groups.get("") ?? [];
  const named = new Map([...groups].filter(([name]) => name !== ""));
  const problem = leftOut(others);
  filesNotice.value =
    loose.length > 0
      ? `${loose.length} photos lie in no folder: drop them on the class that they show.`
      : problem;
  addGroups(named);
}

/** Collects photos, trains a last layer on them, and lets one try it. */
export function TeachPanel() {
  useEffect(() => {
    setOpen(true);
    return () => {
      setOpen(false);
      // A camera that nobody sees the picture of is off.
      stopCamera();
    };
  }, []);
  return (
    <Panel id="teach">
      <div class="columns">
        <DropZone class="stack collection" label="Classes" onFiles={addFolder}>
          <h2>1 · Photos of each class</h2>
          {filesNotice.value === null ? null : (
            <Notice
              onDismiss={() => {
                filesNotice.value = null;
              }}
            >
              {filesNotice.value}
            </Notice>
          )}
          <Unreadable />
          {stream.value === null ? null : <Preview small />}
          {classes.value.map((one) => (
            <ClassCard key={one.id} of={one} />
          ))}
          <div class="row">
            <button type="button" onClick={addClass}>
              Add a class
            </button>
            <FileButton label="Add a folder of classes" folder onFiles={addFolder}>
              Add a folder of classes …
            </FileButton>
          </div>
        </DropZone>
        <div class="stack">
          <BackboneCard />
          <TrainCard />
        </div>
        <TryCard />
      </div>
    </Panel>
  );
}

/** Photos that cannot be read, by name and reason; the others are used. */
function Unreadable() {
  const bad = unreadable.value;
  if (bad.length === 0) return null;
  const shown = bad.slice(0, 3).map(({ name, problem }) => `${name} (${problem})`);
  return (
    <Notice kind="error">
      {bad.length === 1 ? "A photo cannot be read" : `${bad.length} photos cannot be read`}:{" "}
      {shown.join(", ")}
      {bad.length > shown.length ? ", …" : ""}. The others are used.{" "}
      <button type="button" class="small" onClick={() => removePhotos(bad.map(({ id }) => id))}>
        Remove {bad.length === 1 ? "it" : "them"}
      </button>
    </Notice>
  );
}
