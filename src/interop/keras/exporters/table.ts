import type { LayerKind } from "../../../layers/index.ts";
import { activationExporters } from "./activations.ts";
import { convolutionExporters } from "./convolutions.ts";
import { type Exporter, unchanged } from "./exporter.ts";
import { imageExporters } from "./images.ts";
import { mergeExporters } from "./merges.ts";
import { normalizationExporters } from "./normalizations.ts";

/** How each kind of layer is written: a missing one is a compile error. */
export const exporters: { readonly [K in LayerKind]: Exporter<K> } = {
  // The model's input is placed by itself.
  input: unchanged,
  ...convolutionExporters,
  ...imageExporters,
  ...mergeExporters,
  ...activationExporters,
  ...normalizationExporters,
};
