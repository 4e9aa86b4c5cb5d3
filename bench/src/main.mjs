/**
 * Measures Fovea, beside PyTorch where there is one.
 *
 *   npm run bench                                     training steps of all nets, ours alone
 *   npm run bench -- --python PATH                    the same beside the PyTorch of that Python
 *   npm run bench -- --case lenet5,dense              some of: lenet5, dense, convnet, accuracy
 *   npm run bench -- --threads 2 --rounds 7 --json
 *
 * Writes bench/results/NAME.md and NAME.json.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { measureAccuracy } from "./accuracy.mjs";
import { describeMachine, saveResults } from "./report.mjs";
import { measureSpeed, speedCases } from "./speed.mjs";

const { values: options } = parseArgs({
  options: {
    case: { type: "string", default: Object.keys(speedCases).join(",") },
    python: { type: "string" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "7" },
    json: { type: "boolean", default: false },
  },
});

/** Progress goes to standard error, so that --json leaves one document on standard output. @param {string} text */
const say = (text) => process.stderr.write(`${text}\n`);

/** @param {string} name @param {string} text */
function wholeNumber(name, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} must be a whole number from 1, got ${text}`);
  return value;
}

const [load] = loadavg();
if (load > 1)
  say(`The machine was busy in the last minute (load ${load.toFixed(1)}): for figures to keep, let it rest.`);

const names = options.case.split(",").map((name) => name.trim());
const known = [...Object.keys(speedCases), "accuracy"];
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  say(`There is no case ${unknown.join(", ")}. Known: ${known.join(", ")}.`);
  process.exit(2);
}

const threads = wholeNumber("threads", options.threads);
const machine = describeMachine();
/** @type {import("./report.mjs").Report[]} */
const reports = [];
const speed = names.filter((name) => name !== "accuracy");
if (speed.length > 0) {
  const rounds = wholeNumber("rounds", options.rounds);
  reports.push(await measureSpeed({ names: speed, python: options.python, threads, rounds, say }));
}
if (names.includes("accuracy")) reports.push(await measureAccuracy({ threads, say }));

for (const report of reports) await saveResults(report, machine);
if (options.json) console.log(JSON.stringify({ machine, reports }, null, 2));
else for (const report of reports) console.log(`\n${report.markdown}`);
const failures = reports.flatMap((report) => report.failures);
for (const failure of failures) say(`does not hold: ${failure}`);
if (failures.length > 0) process.exitCode = 1;
