/** Ten thousand photos of mixed sizes, JPEG and PNG, streamed through ResNet-18: memory, and how busy the engine is. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { table } from "../report.mjs";
import { generatePhotos } from "./photo-files.mjs";
import { runSide } from "./side.mjs";

const count = 10_000;
const model = "resnet18";
/** The most memory, in bytes, and the least share of the time that the engine may run. */
const mostMemory = 1.5e9;
const leastBusy = 0.8;

/**
 * @typedef {object} PhotoRun
 * @property {number} photos
 * @property {number} seconds
 * @property {number} photosPerSecond
 * @property {number} busy share of the time in which the engine ran
 * @property {number} processors that the whole process kept busy
 * @property {number} peakMemory of the process, in bytes
 * @property {number} greatestDifference between outputs for the same photo
 * @property {number} problems photos that could not be read
 */

/** @type {import("./table.mjs").Trial} */
export async function measurePhotos({ nodes, threads, say }) {
  const folder = await mkdtemp(join(tmpdir(), "fovea-bench-"));
  const figures = [];
  try {
    const photos = await generatePhotos(folder, count);
    for (const { version, path } of nodes) {
      if (path === null) throw new Error(`Node ${version} is not installed`);
      const run = await streamPhotos(path, photos, model, threads);
      say(
        `photos, Node ${version}: ${run.photosPerSecond.toFixed(1)} a second, the engine ${percent(run.busy)} busy, ${gigabytes(run.peakMemory)}`,
      );
      const holds =
        run.busy >= leastBusy && run.peakMemory < mostMemory && run.photos === count && run.problems === 0;
      figures.push({ node: version, holds, ...run });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const asked = `at least ${percent(leastBusy)} busy, under ${gigabytes(mostMemory)}`;
  const rows = figures.map(({ node, photosPerSecond, busy, processors, peakMemory, holds }) => [
    node,
    photosPerSecond.toFixed(1),
    percent(busy),
    processors.toFixed(2),
    gigabytes(peakMemory),
    holds ? "yes" : "NO",
  ]);
  const title = `${count} photos of mixed sizes streamed through ${model}, ${threads} threads; asked: ${asked}`;
  return {
    name: "photos",
    markdown: `${title}\n\n${table(["Node", "photos/s", "engine busy", "processors", "peak memory", "holds"], rows)}`,
    figures,
    failures: figures.flatMap(({ node, busy, peakMemory, holds }) =>
      holds
        ? []
        : [`photos on Node ${node}: ${percent(busy)} busy, ${gigabytes(peakMemory)}, asked: ${asked}`],
    ),
  };
}

/**
 * Streams a folder of photos through a net in a process of its own.
 *
 * @param {string} node
 * @param {string} folder
 * @param {string} net
 * @param {number} threads
 * @returns {Promise<PhotoRun>}
 */
export function streamPhotos(node, folder, net, threads) {
  return runSide(node, "photos-side.mjs", [folder, net, threads]);
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

/** @param {number} bytes */
function gigabytes(bytes) {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
