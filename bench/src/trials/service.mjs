/** `fovea serve` with MobileNetV1-0.25, asked by one, by many and by a thousand clients at a time. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { models } from "fovea";
import { table } from "../report.mjs";
import { startServer } from "./command.mjs";
import { generateJpegs } from "./photo-files.mjs";
import { runSide } from "./side.mjs";

const net = "mobilenet-v1-0.25";
const photos = 50;
const [width, height] = [500, 375];
const loads = [
  { clients: 1, requests: 200 },
  { clients: 64, requests: 1000 },
  { clients: 1000, requests: 1000 },
];

/**
 * @typedef {object} Answers
 * @property {number} seconds
 * @property {Readonly<Record<string, number>>} statuses how many answers had each
 * @property {number} median milliseconds until an answer
 * @property {number} slow what 99 in 100 answers took at most
 * @property {number} last
 */

/** @type {import("./table.mjs").Trial} */
export async function measureService({ nodes, threads, say }) {
  const folder = await mkdtemp(join(tmpdir(), "fovea-bench-"));
  const figures = [];
  try {
    const images = join(folder, "photos");
    await mkdir(images);
    await generateJpegs(images, photos, width, height);
    const file = join(folder, "net.safetensors");
    await models.create(net).save(file);
    for (const { version, path } of nodes) {
      if (path === null) throw new Error(`Node ${version} is not installed`);
      const parameters = ["serve", file, "--port", "0", "--threads", String(threads)];
      const service = await startServer(path, parameters);
      try {
        for (const { clients, requests } of loads) {
          /** @type {Answers} */
          const answers = await runSide(path, "service-side.mjs", [
            service.address,
            images,
            clients,
            requests,
          ]);
          const right = answers.statuses[200] ?? 0;
          say(
            `service, Node ${version}, ${clients} clients: ${(right / answers.seconds).toFixed(1)} a second`,
          );
          figures.push({ node: version, clients, requests, right, ...answers, holds: right === requests });
        }
      } finally {
        await service.stop();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const rows = figures.map(({ node, clients, right, seconds, median, slow, last, holds }) => [
    ...[node, String(clients), String(right), (right / seconds).toFixed(1)],
    ...[median, slow, last].map((milliseconds) => milliseconds.toFixed(0)),
    holds ? "yes" : "NO",
  ]);
  const title = `fovea serve with ${net}, photos of ${width}x${height}, ${threads} threads; asked: every request is answered`;
  const heads = ["Node", "clients", "answers", "a second", "median, ms", "99 %, ms", "last, ms", "holds"];
  return {
    name: "service",
    markdown: `${title}\n\n${table(heads, rows)}`,
    figures,
    failures: figures.flatMap(({ node, clients, requests, right, holds }) =>
      holds ? [] : [`service on Node ${node}, ${clients} clients: ${right} of ${requests} answered`],
    ),
  };
}
