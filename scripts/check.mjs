/**
 * Checks everything, cheapest first, and stops at the first stage that fails.
 *
 *   npm test                         all stages
 *   npm test -- --only unit,docs     these stages (and a build, if they need one and it is out of date)
 *   npm test -- --list               what the stages are
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * @typedef {object} Stage
 * @property {string} what
 * @property {readonly (readonly [tool: string, ...parameters: string[]])[]} commands
 * @property {boolean} built whether it needs the compiled kernels and `dist`
 */

/** @type {Readonly<Record<string, Stage>>} */
const stages = {
  lint: {
    what: "format and lint (biome)",
    commands: [["biome", "check", "--error-on-warnings", "."]],
    built: false,
  },
  imports: {
    what: "imports run down the table of rooms; exports are documented",
    commands: [["vitest", "run", "--allowOnly=false", "--project", "imports"]],
    built: false,
  },
  types: {
    what: "types (tsc)",
    commands: [
      ["tsc", "--noEmit"],
      ["tsc", "-p", "tsconfig.scripts.json"],
      ["tsc", "-p", "studio", "--noEmit"],
    ],
    built: true,
  },
  unit: {
    what: "unit tests",
    commands: [["vitest", "run", "--allowOnly=false", "--project", "unit"]],
    built: true,
  },
  docs: {
    what: "the code in README.md and docs/, executed",
    commands: [["vitest", "run", "--allowOnly=false", "--project", "docs"]],
    built: true,
  },
  slow: {
    what: "command line, package, browser",
    commands: [["vitest", "run", "--allowOnly=false", "--project", "slow"]],
    built: true,
  },
};

const { values: options } = parseArgs({
  options: { only: { type: "string" }, list: { type: "boolean", default: false } },
});

if (options.list) {
  for (const [name, { what }] of Object.entries(stages)) console.log(`${name.padEnd(8)} ${what}`);
} else {
  process.exitCode = await check(selectedStages(options.only));
}

/** @param {string | undefined} only */
function selectedStages(only) {
  if (only === undefined) return Object.keys(stages);
  const wanted = only.split(",").map((name) => name.trim());
  const unknown = wanted.filter((name) => !(name in stages));
  if (unknown.length > 0) {
    console.error(`There is no stage ${unknown.join(", ")}. Known: ${Object.keys(stages).join(", ")}.`);
    process.exit(2);
  }
  return Object.keys(stages).filter((name) => wanted.includes(name));
}

/** Runs stages in their order. @param {readonly string[]} names */
async function check(names) {
  /** @type {string[]} */
  const times = [];
  const begin = performance.now();
  let built = false;
  for (const name of names) {
    const stage = stages[name];
    if (stage.built && !built) {
      if (isStale() && !(await perform("build", [["npm", "run", "build"]], "npm run build"))) return 1;
      built = true;
    }
    if (!(await perform(name, stage.commands, `npm test -- --only ${name}`))) return 1;
  }
  console.log(`\nall passed in ${seconds(performance.now() - begin)}: ${times.join(", ")}`);
  return 0;

  /**
   * @param {string} name
   * @param {Stage["commands"]} commands
   * @param {string} alone
   */
  async function perform(name, commands, alone) {
    const start = performance.now();
    for (const [tool, ...parameters] of commands) {
      console.log(`\n[${name}] ${[tool, ...parameters].join(" ")}`);
      const failure = await run(tool, parameters);
      if (failure !== null) {
        console.error(`\n[${name}] FAILED (${failure}). This stage alone: ${alone}`);
        return false;
      }
    }
    const took = seconds(performance.now() - start);
    console.log(`[${name}] passed in ${took}`);
    times.push(`${name} ${took}`);
    return true;
  }
}

/**
 * Runs a tool of this repository.
 *
 * @param {string} tool
 * @param {readonly string[]} parameters
 * @returns {Promise<string | null>} why it failed, or null
 */
function run(tool, parameters) {
  const local = join(root, "node_modules/.bin", tool);
  const command = existsSync(local) ? local : tool;
  const child = spawn(command, parameters, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(code === 0 ? null : `exit code ${code ?? signal}`));
  });
}

/** Whether a source is newer than what was built from it. */
function isStale() {
  const built = join(root, "dist/index.js");
  if (!existsSync(built) || !existsSync(join(root, "src/engine/wasm/generated/modules.ts"))) return true;
  const builtAt = statSync(built).mtimeMs;
  const sources = ["src", "scripts", "studio"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => !/generated|node_modules|^site/.test(name))
      .map((name) => join(folder, name)),
  );
  const settings = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
  return [...sources, ...settings].some((path) => statSync(join(root, path)).mtimeMs > builtAt);
}

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
