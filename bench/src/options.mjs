import { parseArgs } from "node:util";
import { cases, groups, picks } from "./cases/table.mjs";
import { nodeChoices } from "./competitors/fovea.mjs";
import { competitorNames } from "./competitors/table.mjs";
import { trials } from "./trials/table.mjs";

/** An option with a value that cannot be; the message is one line for the user. */
export class UsageError extends Error {
  /** @override */
  name = "UsageError";
}

/**
 * Reads the bench's options.
 *
 * @param {readonly string[]} parameters
 * @throws UsageError saying what is wrong and what is known
 */
export function readOptions(parameters) {
  const values = parse(parameters);
  const threads = wholeNumber("threads", values.threads);
  const rounds = wholeNumber("rounds", values.rounds);
  const patience = wholeNumber("patience", values.patience);
  const selected = selectCases(listOf("case", values.case));
  const competitors = listOf("competitor", values.competitor ?? competitorNames.join(",")).map((name) =>
    choice("competitor", name, competitorNames),
  );
  const nodes = listOf("node", values.node).map((name) => choice("node", name, nodeChoices));
  const isa = choice("isa", values.isa, /** @type {const} */ (["native", "avx2"]));
  return { ...values, threads, rounds, patience, ...selected, competitors, nodes, isa };
}

/** @param {readonly string[]} parameters */
function parse(parameters) {
  try {
    return parseArgs({
      args: [...parameters],
      options: {
        list: { type: "boolean", default: false },
        case: { type: "string", default: "training/lenet5,training/dense,training/convnet" },
        competitor: { type: "string" },
        python: { type: "string" },
        node: { type: "string", default: "current,24" },
        isa: { type: "string", default: "native" },
        threads: { type: "string", default: "2" },
        rounds: { type: "string", default: "7" },
        patience: { type: "string", default: "120" },
        json: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.split("\n")[0] : String(error));
  }
}

/** @param {readonly string[]} wanted */
function selectCases(wanted) {
  const names = [...cases.map(({ name }) => name), ...Object.keys(trials)];
  const unknown = wanted.filter((pick) => !names.some((name) => picks(pick, name)));
  if (unknown.length > 0) {
    throw new UsageError(
      `--case: there is no case ${unknown.join(", ")}. Groups: ${[...Object.keys(groups), ...Object.keys(trials)].join(", ")}; --list names all.`,
    );
  }
  const isWanted = (/** @type {string} */ name) => wanted.some((pick) => picks(pick, name));
  return {
    cases: cases.filter(({ name }) => isWanted(name)),
    trials: Object.keys(trials).filter(isWanted),
  };
}

/** @param {string} option @param {string} text */
function listOf(option, text) {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) throw new UsageError(`--${option} has an empty name: "${text}"`);
  return [...new Set(names)];
}

/** @template {string} T @param {string} option @param {string} text @param {readonly T[]} known */
function choice(option, text, known) {
  const found = known.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${option}: there is no ${text}. Known: ${known.join(", ")}.`);
}

/** @param {string} option @param {string} text */
function wholeNumber(option, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new UsageError(`--${option} must be a whole number from 1, got ${text}`);
}
