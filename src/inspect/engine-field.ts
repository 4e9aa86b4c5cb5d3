import type { Engine } from "../engine/engine.ts";
import { type Field, field, isObject } from "../options/index.ts";

/** An option that is an engine. */
export const engineField: Field<Engine> = field(
  "an engine",
  (value): value is Engine => isObject(value) && "openSession" in value,
);
