import { models } from "../lab/client.ts";
import { SelectField } from "./controls.tsx";

interface ModelPickerProps {
  readonly label: string;
  /** An id of the lab's store, or null. */
  readonly value: string | null;
  /** Only models with this number of channels, height and width; default all. */
  readonly inputShape?: readonly number[];
  readonly onChange: (id: string) => void;
}

/** Chooses one of the models that are in the lab. */
export function ModelPicker({ label, value, inputShape, onChange }: ModelPickerProps) {
  const fitting = models.value.filter(
    (model) => inputShape === undefined || model.inputShape.join() === inputShape.join(),
  );
  return (
    <SelectField
      label={label}
      value={value ?? ""}
      options={[
        ...(value === null ? [{ value: "", label: fitting.length === 0 ? "none yet" : "choose …" }] : []),
        ...fitting.map(({ id, name, origin }) => ({ value: id, label: `${name} (${origin})` })),
      ]}
      onChange={(id) => {
        if (id !== "") onChange(id);
      }}
    />
  );
}
