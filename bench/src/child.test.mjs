import { expect, test } from "vitest";
import { startSide } from "./child.mjs";

/** @type {import("./types.ts").LayerCase} */
const layer = {
  name: "layers/net/conv/forward",
  kind: "layer",
  pass: "forward",
  batch: 1,
  tolerance: 1e-4,
  size: 8,
  channels: 1,
  filters: 1,
  kernel: 3,
  stride: 1,
  padding: 1,
};

/** A process with this program. @param {string} program @param {number} [patience] */
const start = (program, patience = 20) =>
  startSide({
    command: process.execPath,
    parameters: ["-e", program],
    environment: { GREETING: "hello" },
    patience,
  });

const about =
  'const say = (x) => console.log(JSON.stringify(x)); say({ name: process.env.GREETING, threads: 1, isa: "", notes: [] });';
const serving = `${about} require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  if (request.do === "prepare") say({ setting: request.case.name + " in " + request.folder });
  if (request.do === "time") say(request.runs > 5 ? { error: "too many runs" } : { milliseconds: request.runs + request.warmUp });
  if (request.do === "peak") process.exit(3);
});`;

test("a process answers by lines of JSON, and its errors and its end are errors", async () => {
  const side = await start(serving);
  expect(side.about).toEqual({ name: "hello", threads: 1, isa: "", notes: [] });
  expect(await side.prepare(layer, "/folder", null)).toBe("layers/net/conv/forward in /folder");
  expect(await side.time(3, 1)).toBe(4);
  await expect(side.time(6, 1)).rejects.toThrow("too many runs");
  expect(await side.time(1, 0)).toBe(1);
  await expect(side.peakBytes()).rejects.toThrow("its process ended with exit code 3");
});

test("a process that does not start says why", async () => {
  await expect(start('console.error("no module named torch"); process.exit(1)')).rejects.toThrow(
    "its process ended with exit code 1: no module named torch",
  );
  await expect(startSide({ command: "/nowhere/python", parameters: [], patience: 20 })).rejects.toThrow(
    "cannot start /nowhere/python: spawn /nowhere/python ENOENT",
  );
});

test("a process that does not answer is given up", async () => {
  const side = await start(`${about} process.stdin.resume();`, 1);
  await expect(side.time(1, 0)).rejects.toThrow("gave no answer within 1 s (--patience)");
});
