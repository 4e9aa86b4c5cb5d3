import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { type NamedFile, pickedFiles } from "./files.ts";

interface FileButtonProps {
  readonly children: ComponentChildren;
  /** For screen readers, where several buttons read the same. */
  readonly label: string;
  readonly accept?: string;
  readonly folder?: boolean;
  readonly single?: boolean;
  readonly disabled?: boolean;
  readonly small?: boolean;
  readonly onFiles: (files: readonly NamedFile[]) => void;
}

/** Opens the system's dialogue to choose files, or a folder. */
export function FileButton(props: FileButtonProps) {
  const {
    children,
    label,
    accept,
    folder = false,
    single = false,
    small = false,
    disabled = false,
    onFiles,
  } = props;
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class={small ? "small" : ""}
        aria-label={label}
        disabled={disabled}
        onClick={() => input.current?.click()}
      >
        {children}
      </button>
      <input
        ref={(element) => {
          input.current = element;
          // Not a property that types know.
          if (folder) element?.setAttribute("webkitdirectory", "");
        }}
        type="file"
        hidden
        aria-label={`${label}, input`}
        multiple={!single}
        {...(accept === undefined ? {} : { accept })}
        onChange={({ currentTarget }) => {
          onFiles(pickedFiles(currentTarget.files));
          // So that the same files can be chosen again.
          currentTarget.value = "";
        }}
      />
    </>
  );
}
