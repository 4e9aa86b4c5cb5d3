/** What both sides of a case are given: files in a folder, made before anything is started. */
import { outputSize } from "../cases/layers.mjs";
import { drawFloats } from "./draw.mjs";
import { writeFloats } from "./files.mjs";
import { writeNet } from "./net.mjs";

/**
 * Writes a case's inputs: of a layer `x`, `filter` and `dy` (what the pass reads) as float32 in our layouts, NHWC and HWIO;
 * of a net what `writeNet` says.
 *
 * @param {import("../types.ts").Case} kase
 * @param {string} folder
 */
export async function writeInputs(kase, folder) {
  if (kase.kind !== "layer") return await writeNet(kase, folder);
  const { pass, batch, size, channels, filters, kernel } = kase;
  const counts = {
    x: batch * size ** 2 * channels,
    filter: kernel ** 2 * channels * filters,
    dy: batch * outputSize(kase) ** 2 * filters,
  };
  const unread = /** @type {const} */ ({ forward: "dy", "input-gradient": "x", "filter-gradient": "filter" })[
    pass
  ];
  for (const [index, [name, count]] of Object.entries(counts).entries())
    if (name !== unread) writeFloats(folder, name, drawFloats(count, -0.5, 0.5, index));
}
