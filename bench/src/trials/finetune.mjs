/**
 * A classifier of photos of cats and dogs on MobileNetV1-0.25: how right it is over seeds, with and without a block unfrozen; how
 * long it takes from photos to report; and what a hundred thousand files ask for. The photos and weights are those of `FOVEA_DATA`.
 */
import { access, copyFile, link, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { table } from "../report.mjs";
import { mean } from "../statistics.mjs";
import { runSide } from "./side.mjs";

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);
const unfrozenSeeds = seeds.slice(0, 5);
const stage = "block13";
const copies = 200;
const asked = { accuracy: 0.95, seconds: 60, secondsAgain: 5 };

/**
 * @typedef {object} FinetuneRun
 * @property {number} accuracy of the held-out photos
 * @property {number} photos
 * @property {number} computed photos that went through the net
 * @property {number} seconds from the start of the process to the report
 * @property {number} peakMemory in bytes
 */

/** @type {import("./table.mjs").Trial} */
export async function measureFinetune({ nodes, threads, say }) {
  const { photos, weights } = await sharedData();
  const folder = await mkdtemp(join(tmpdir(), "fovea-bench-"));
  const figures = [];
  try {
    const many = await linked(photos, join(folder, "many"));
    for (const { version, path } of nodes) {
      if (path === null) throw new Error(`Node ${version} is not installed`);
      const cache = join(folder, `cache-${version}`);
      /** @param {string} from @param {number} seed @param {readonly string[]} stages @returns {Promise<FinetuneRun>} */
      const run = (from, seed, ...stages) =>
        runSide(path, "finetune-side.mjs", [from, weights, cache, threads, seed, ...stages]);
      const first = await run(photos, seeds[0]);
      const again = [];
      for (const seed of seeds) again.push(await run(photos, seed));
      const unfrozen = [];
      for (const seed of unfrozenSeeds) unfrozen.push(await run(photos, seed, stage));
      const figure = {
        node: version,
        seconds: first.seconds,
        secondsAgain: again[0].seconds,
        accuracies: again.map(({ accuracy }) => accuracy),
        unfrozenAccuracies: unfrozen.map(({ accuracy }) => accuracy),
        many: await run(many, seeds[0]),
      };
      say(
        `finetune, Node ${version}: ${percent(first.accuracy)} in ${first.seconds.toFixed(1)} s, then ${figure.secondsAgain.toFixed(1)} s`,
      );
      figures.push({ ...figure, holds: holds(figure) });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return {
    name: "finetune",
    markdown: markdownOf(figures),
    figures,
    failures: figures.flatMap((figure) =>
      figure.holds ? [] : [`finetune on Node ${figure.node}: see its table`],
    ),
  };
}

/** @typedef {{ node: string, seconds: number, secondsAgain: number, accuracies: number[], unfrozenAccuracies: number[], many: FinetuneRun }} Figure */

/** @param {Figure} figure */
function holds({ seconds, secondsAgain, accuracies }) {
  const right = accuracies[0] >= asked.accuracy && mean(accuracies) >= asked.accuracy;
  return right && seconds < asked.seconds && secondsAgain < asked.secondsAgain;
}

/** @param {readonly (Figure & { holds: boolean })[]} figures */
function markdownOf(figures) {
  const title = `Cats and dogs on mobilenet-v1-0.25; asked: ${percent(asked.accuracy)} by seed 1 and on average over ${seeds.length} seeds, under ${asked.seconds} s, again under ${asked.secondsAgain} s`;
  const heads = [
    ...[
      "Node",
      "seed 1",
      "mean",
      "least",
      "most",
      `mean of ${unfrozenSeeds.length}`,
      `with ${stage} unfrozen`,
    ],
    ...["first, s", "again, s", "files", "s", "peak memory", "holds"],
  ];
  const rows = figures.map(({ node, seconds, secondsAgain, accuracies, unfrozenAccuracies, many, holds }) => [
    node,
    ...[accuracies[0], mean(accuracies), Math.min(...accuracies), Math.max(...accuracies)].map(percent),
    percent(mean(accuracies.slice(0, unfrozenSeeds.length))),
    percent(mean(unfrozenAccuracies)),
    ...[seconds, secondsAgain].map((value) => value.toFixed(1)),
    ...[String(many.photos), many.seconds.toFixed(1), `${(many.peakMemory / 1e9).toFixed(2)} GB`],
    holds ? "yes" : "NO",
  ]);
  return `${title}\n\n${table(heads, rows)}`;
}

/** @throws Error when there are no such data */
async function sharedData() {
  const root = process.env["FOVEA_DATA"] ?? "../shared/data";
  const photos = join(root, "cats-dogs");
  const weights = join(root, "mobilenet_v1_0.25_224/model.json");
  for (const path of [photos, weights]) {
    await access(path).catch(() => {
      throw new Error(
        `${path} is missing: FOVEA_DATA names the folder with cats-dogs and mobilenet_v1_0.25_224`,
      );
    });
  }
  return { photos, weights };
}

/** The photos, and links to them: features of all come from the cache. @param {string} photos @param {string} folder */
async function linked(photos, folder) {
  for (const kind of ["cat", "dog"]) {
    const names = (await readdir(join(photos, kind))).filter((name) => name.endsWith(".jpg"));
    const originals = join(folder, kind, "0");
    await mkdir(originals, { recursive: true });
    for (const name of names) await copyFile(join(photos, kind, name), join(originals, name));
    for (let copy = 1; copy < copies; copy++) {
      const place = join(folder, kind, String(copy));
      await mkdir(place);
      for (const name of names) await link(join(originals, name), join(place, name));
    }
  }
  return folder;
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
