import { type Field, field } from "../options/index.ts";

/** An option that names a tap or a layer. */
export const layerField: Field<string> = field(
  "a tap's or a layer's name",
  (value): value is string => typeof value === "string",
);
