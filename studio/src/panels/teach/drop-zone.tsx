import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { droppedFiles, type NamedFile } from "../../ui/files.ts";

interface DropZoneProps {
  readonly class: string;
  readonly label: string;
  readonly onFiles: (files: readonly NamedFile[]) => void;
  readonly children: ComponentChildren;
}

/** A place that files and folders can be dropped on; buttons inside do the same by keyboard. */
export function DropZone({ class: name, label, onFiles, children }: DropZoneProps) {
  const over = useSignal(false);
  return (
    <section
      class={`${name} ${over.value ? "over" : ""}`}
      aria-label={label}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => {
        over.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        over.value = false;
        if (event.dataTransfer !== null) void droppedFiles(event.dataTransfer).then(onFiles);
      }}
    >
      {children}
    </section>
  );
}
