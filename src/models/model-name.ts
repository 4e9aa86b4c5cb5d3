import { field } from "../options/index.ts";

/** As names of layers, and a colon: it stands before the variant of a known net, `resnet50:v1`. */
const pattern = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,199}$/;

/** The option `name` of models. */
export const modelNameField = field(
  "up to 200 letters, digits, dots, dashes, underscores and colons",
  (value): value is string => typeof value === "string" && pattern.test(value),
);
