import { signal } from "@preact/signals";
import { messageOf } from "../errors.ts";
import { lab } from "../lab/client.ts";
import { FileButton } from "./file-button.tsx";
import { Notice } from "./notice.tsx";

const failure = signal<string | null>(null);

/** Opens a model file of any format that holds a whole network, or weights of a net of the zoo under its name. */
export function OpenModel({ onOpen }: { readonly onOpen: (id: string) => void }) {
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
      <FileButton
        label="Open a model file"
        accept=".safetensors,.onnx,.keras,.h5,.hdf5,.pt,.pth"
        single
        onFiles={([first]) => {
          if (first !== undefined) void open(first.file);
        }}
      >
        Open a model file
      </FileButton>
      {failure.value === null ? null : <Notice kind="error">{failure.value}</Notice>}
    </>
  );
}
