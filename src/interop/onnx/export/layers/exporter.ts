import type { LayerKind, LayerOptions } from "../../../../layers/index.ts";
import type { Resolved } from "../../../../options/index.ts";
import type { ExportedValue } from "../exported-value.ts";
import type { LayerWriter } from "../writer.ts";

/** Writes the nodes of a layer's use. */
export type Exporter<K extends LayerKind> = (
  writer: LayerWriter,
  options: Resolved<LayerOptions[K]>,
  inputs: readonly ExportedValue[],
) => ExportedValue;
