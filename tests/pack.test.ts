import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "./support/sources.ts";

const execute = promisify(execFile);

/** What a command printed on standard output. */
async function run(folder: string, command: string, ...parameters: string[]): Promise<string> {
  const { code, stdout, stderr } = await attempt(folder, command, ...parameters);
  if (code !== 0)
    throw new Error(`${[command, ...parameters].join(" ")}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** The exit code of a command (-1 when it had to be ended), and what it printed. */
async function attempt(folder: string, command: string, ...parameters: string[]) {
  const settings = { cwd: folder, maxBuffer: 2 ** 26, timeout: 50_000, shell: process.platform === "win32" };
  return await execute(command, parameters, settings).then(
    (output) => ({ code: 0, ...output }),
    (error: { code: number | null; stdout: string; stderr: string }) => ({
      ...error,
      code: error.code ?? -1,
    }),
  );
}

test("npx in a clone that is built begins at once: it builds nothing again", async () => {
  const built = join(root, "dist/cli/main.js");
  const before = (await stat(built)).mtimeMs;
  const npx = { cwd: root, env: { ...process.env, npm_command: "exec" } };
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  expect(scripts.prepare).toBe("node scripts/prepare.mjs");
  expect(await execute(process.execPath, ["scripts/prepare.mjs"], npx)).toEqual({ stdout: "", stderr: "" });
  expect((await stat(built)).mtimeMs).toBe(before);
});

describe("the package in an empty project", () => {
  let project: string;
  let files: readonly string[];

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), "fovea-pack-"));
    // Built already (npm test sees to that): building again would pull `dist` from under the other tests.
    const packed = await run(
      root,
      "npm",
      "pack",
      "--ignore-scripts",
      "--json",
      "--pack-destination",
      project,
    );
    const [{ filename, files: contents }] = JSON.parse(packed);
    files = contents.map(({ path }: { path: string }) => path);
    await writeFile(join(project, "package.json"), '{ "private": true, "type": "module" }');
    await run(
      project,
      "npm",
      "install",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      join(project, filename),
    );
  }, 120_000);

  afterAll(async () => {
    await rm(project, { recursive: true, force: true });
  });

  test("holds the library, its types and documents, and nothing of the workshop", () => {
    for (const needed of [
      "dist/index.js",
      "dist/index.d.ts",
      "dist/cli/main.js",
      "dist/server/index.js",
      "dist/studio/index.html",
      "README.md",
      "CHANGELOG.md",
      "LICENSE",
    ]) {
      expect(files).toContain(needed);
    }
    // Studio's page as vite has built it: names and endings of its own.
    const page = files.filter((path) => path.startsWith("dist/studio/"));
    expect(page.filter((path) => !/\.(html|js|css|svg)$/.test(path))).toEqual([]);
    const others = files.filter((path) => !page.includes(path));
    const strange = others.filter(
      (path) => !/^(dist\/.+\.(js|d\.ts)(\.map)?|package\.json|[A-Z]+(\.md)?)$/.test(path),
    );
    expect(strange).toEqual([]);
    expect(others.filter((path) => /test|contract/.test(path))).toEqual([]);
  });

  test("trains through the library", async () => {
    await writeFile(join(project, "train.js"), trainingProgram);
    const { before, after, reloaded } = JSON.parse(await run(project, process.execPath, "train.js"));
    expect(after.loss).toBeLessThan(before.loss);
    expect(after.accuracy).toBeGreaterThan(0.5);
    expect(reloaded).toEqual(after);
  }, 60_000);

  test("serves through fovea/server", async () => {
    await writeFile(join(project, "serve.js"), servingProgram);
    const { classes, status } = JSON.parse(await run(project, process.execPath, "serve.js"));
    expect([classes, status]).toEqual([10, 400]);
  }, 60_000);

  test("trains through the command line", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect((await run(project, "npx", "--no-install", "fovea", "--version")).trim()).toBe(version);
    const flags = ["--data", "mnist", "--model", "lenet5", "--limit", "2000", "--epochs", "1", "--seed", "1"];
    const printed = await run(
      project,
      "npx",
      "--no-install",
      "fovea",
      "train",
      ...flags,
      "--out",
      "run",
      "--json",
    );
    const { accuracy, loss } = JSON.parse(printed);
    expect(accuracy).toBeGreaterThan(0.5);
    expect(loss).toBeLessThan(2);
    expect(await readFile(join(project, "run/model.safetensors"))).not.toHaveLength(0);
  }, 60_000);

  test.each([
    ["NodeNext", []],
    ["Bundler", ["--module", "ESNext"]],
  ])(
    "types check under %s resolution, and a wrong option does not",
    async (resolution, more) => {
      await writeFile(join(project, "right.ts"), rightTypes);
      await writeFile(join(project, "wrong.ts"), wrongTypes);
      const tsc = join(root, "node_modules/typescript/bin/tsc");
      const module = more.length > 0 ? more : ["--module", resolution];
      const settings = [...module, "--moduleResolution", resolution, "--strict", "--noEmit"];
      const options = [...settings, "--target", "ES2023", "--lib", "ES2023,DOM,DOM.Iterable"];
      const { stdout } = await attempt(project, process.execPath, tsc, ...options, "right.ts", "wrong.ts");
      const complaints = stdout.split("\n").filter((line) => /^\S/.test(line));
      expect(complaints).toEqual([
        expect.stringMatching(/^wrong\.ts.*'activaton' does not exist.*Did you mean to write 'activation'/),
        expect.stringMatching(/^wrong\.ts.*'"adamm"' is not assignable.*Did you mean '"adam"'/),
        expect.stringMatching(/^wrong\.ts.*'epoch' does not exist.*Did you mean to write 'epochs'/),
      ]);
    },
    60_000,
  );
});

const servingProgram = `
import { models } from "fovea";
import { serve } from "fovea/server";

const { address, close } = await serve(models.create("lenet5"), { port: 0, batchSize: 1 });
const { classes } = await (await fetch(address + "/model")).json();
const { status } = await fetch(address + "/predict", { method: "POST", body: new Uint8Array(9) });
await close();
console.log(JSON.stringify({ classes, status }));
process.exit();
`;

const trainingProgram = `
import { data, Model, models } from "fovea";

const { train, test } = await data.loadMnist();
const model = models.create("lenet5");
model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
const held = data.take(test, 500);
const before = await model.evaluate(held);
await model.fit(data.take(train, 2000), { epochs: 1, batchSize: 32, seed: 1 });
const after = await model.evaluate(held);
await model.save("lenet5.safetensors");
const reloaded = await (await Model.load("lenet5.safetensors")).evaluate(held);
console.log(JSON.stringify({ before, after, reloaded }));
`;

const rightTypes = `
import { layers, losses, models, optimizers, sequential, type Tensor } from "fovea";

const model = sequential([
  layers.conv2d({ filters: 8, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
  layers.flatten(),
  layers.dense({ units: 10 }),
]);
model.compile({
  optimizer: optimizers.adam({ learningRate: 1e-3 }),
  loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
  metrics: ["accuracy"],
});
const weights: Map<string, Tensor> = await model.getWeights();
export const bias: Tensor | undefined = weights.get("conv1.bias");
export const lenet = models.create("lenet5", { classes: 26 });
`;

const wrongTypes = `
import { data, layers, sequential } from "fovea";

const model = sequential([layers.conv2d({ filters: 8, kernelSize: 3, activaton: "relu" })]);
model.compile({ optimizer: "adamm" });
const { train } = await data.loadMnist();
await model.fit(train, { epoch: 5 });
`;
