import { nameHint, OptionError } from "../tensor/index.ts";
import type { Architecture } from "./architecture.ts";

/**
 * Whether a pattern stands for a layer: `"layer4"` for the layer of that name and all whose names go on with a dot
 * (`layer4.0.conv1`, not `layer40`), `"conv*"` for all whose names begin so, `"*"` for all.
 */
export function matchesLayer(pattern: string, name: string): boolean {
  if (pattern.endsWith("*")) return name.startsWith(pattern.slice(0, -1));
  return name === pattern || name.startsWith(`${pattern}.`);
}

/**
 * @throws OptionError for a pattern that stands for no layer: a slip that would leave a group of layers as it is
 */
export function checkLayerPattern(
  pattern: string,
  { name: model, layers }: Architecture,
  where: string,
): void {
  if (layers.some(({ name }) => matchesLayer(pattern, name))) return;
  throw new OptionError(`model "${model}" has no layers "${pattern}"`, {
    where,
    hint: nameHint(pattern, stagesOf(layers.map(({ name }) => name))),
  });
}

/** Layers' names up to the first dot, each once: `conv1, bn1, layer1, layer2, ...` in place of hundreds. */
export function stagesOf(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => name.split(".")[0]))];
}
