import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { messageOf } from "../errors.ts";
import { lab } from "../lab/client.ts";
import { Notice } from "./notice.tsx";

const failure = signal<string | null>(null);

/** Opens a model file of any format that holds a whole network, or weights of a net of the zoo under its name. */
export function OpenModel({ onOpen }: { readonly onOpen: (id: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const open = async (file: File) => {
    failure.value = null;
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const entry = await lab.modelFile.open(bytes, file.name);
      onOpen(entry.id);
    } catch (error) {
      failure.value = messageOf(error);
    }
  };
  return (
    <>
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        accept=".safetensors,.onnx,.keras,.h5,.hdf5,.pt,.pth"
        aria-label="Model file"
        tabIndex={-1}
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file !== undefined) void open(file);
          currentTarget.value = "";
        }}
      />
      <button type="button" onClick={() => input.current?.click()}>
        Open a model file
      </button>
      {failure.value === null ? null : <Notice kind="error">{failure.value}</Notice>}
    </>
  );
}
