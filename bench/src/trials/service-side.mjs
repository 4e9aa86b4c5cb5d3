/**
 * Asks a service by several clients at a time, each again as soon as it has its answer, and says how that went:
 *
 *   node service-side.mjs ADDRESS FOLDER CLIENTS REQUESTS
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const [, , address, folder, clients, requests] = process.argv;
const names = await readdir(folder);
const photos = await Promise.all(names.map((name) => readFile(join(folder, name))));
/** @type {number[]} */
const milliseconds = [];
/** @type {Record<number, number>} */
const statuses = {};
let begun = 0;

const start = performance.now();
await Promise.all(Array.from({ length: Number(clients) }, ask));
const seconds = (performance.now() - start) / 1000;
milliseconds.sort((a, b) => a - b);
console.log(
  JSON.stringify({ seconds, statuses, median: quantile(0.5), slow: quantile(0.99), last: quantile(1) }),
);

async function ask() {
  while (begun < Number(requests)) {
    const body = photos[begun++ % photos.length];
    const sent = performance.now();
    const headers = { "content-type": "image/jpeg" };
    const response = await fetch(`${address}/predict`, { method: "POST", headers, body });
    const { status } = response;
    const { top } = await response.json();
    if (status === 200 && top.length === 0) throw new Error("an answer without classes");
    statuses[status] = (statuses[status] ?? 0) + 1;
    milliseconds.push(performance.now() - sent);
  }
}

/** @param {number} share */
function quantile(share) {
  return milliseconds[Math.min(milliseconds.length - 1, Math.floor(share * milliseconds.length))];
}
