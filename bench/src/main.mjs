/**
 * Measures Fovea beside its competitors; see CONTRIBUTING.md.
 *
 *   npm run bench                                   training steps on MNIST
 *   npm run bench -- --list                         cases and competitors
 *   npm run bench -- --case layers --python PATH    PyTorch beside it
 */
import { loadavg } from "node:os";
import { cases, groups } from "./cases/table.mjs";
import { compareOutputs } from "./compare.mjs";
import { findNode, fovea } from "./competitors/fovea.mjs";
import { install } from "./competitors/install.mjs";
import { competitorNames, createCompetitors } from "./competitors/table.mjs";
import { writeInputs } from "./inputs/inputs.mjs";
import { readOptions, UsageError } from "./options.mjs";
import { documentOf, markdownOf, saveReport, whatDoesNotHold } from "./report.mjs";
import { runCases } from "./runner.mjs";
import { trials } from "./trials/table.mjs";

/** Progress goes to standard error, so that --json leaves one document on standard output. @param {string} text */
const say = (text) => void process.stderr.write(`${text}\n`);

/** @param {ReturnType<typeof readOptions>} options */
async function bench(options) {
  const { threads, rounds, isa, python, patience, nodes } = options;
  const begin = minuteLoad();
  if (begin > 1)
    say(`The machine was busy in the last minute (load ${begin}): for figures to keep, let it rest.`);
  if (!install(say))
    say("npm ci in bench/competitors failed: what it would have installed is reported as not there.");
  const chosen = nodes.map(findNode);
  const named = options.competitor !== undefined;
  const settings = { threads, python, isa, patience, nodes: chosen, named };
  const outcome = await runCases({
    cases: options.cases,
    ours: chosen.map((node) => fovea(node, settings)),
    competitors: options.competitors.flatMap((name) => createCompetitors(name, settings)),
    rounds,
    say,
    writeInputs,
    compareOutputs,
  });
  const trialReports = [];
  for (const name of options.trials) trialReports.push(await runTrial(name, { threads, nodes: chosen, say }));
  const setting = { threads, rounds, isa, load: { begin, end: minuteLoad() } };
  const markdown = markdownOf(outcome, setting, trialReports);
  const document = documentOf(outcome, setting, trialReports);
  await saveReport(
    reportName([...options.cases.map(({ name }) => name), ...options.trials]),
    markdown,
    document,
  );
  console.log(options.json ? JSON.stringify(document, null, 2) : `\n${markdown}`);
  const complaints = whatDoesNotHold(outcome, trialReports);
  for (const complaint of complaints) say(`does not hold: ${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
}

/** Processes that wanted to run in the last minute, on the average. */
function minuteLoad() {
  return Number(loadavg()[0].toFixed(1));
}

/** A trial that cannot be run is a report that says so. @param {string} name @param {Parameters<import("./trials/table.mjs").Trial>[0]} settings */
async function runTrial(name, settings) {
  try {
    return await trials[name].run(settings);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name, markdown: `Not measured: ${reason}`, figures: null, failures: [`${name}: ${reason}`] };
  }
}

/** Groups of the cases: `inference-training`. @param {readonly string[]} names */
function reportName(names) {
  return [...new Set(names.map((name) => name.split("/")[0]))].join("-");
}

function list() {
  for (const [group, what] of Object.entries(groups)) {
    console.log(`${group}: ${what}`);
    for (const { name } of cases) if (name.startsWith(`${group}/`)) console.log(`  ${name}`);
  }
  for (const [name, { what }] of Object.entries(trials)) console.log(`${name}: ${what}`);
  console.log(`competitors: ${competitorNames.join(", ")}`);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.list) list();
  else await bench(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  say(`bench: ${error.message}`);
  process.exitCode = 2;
}
