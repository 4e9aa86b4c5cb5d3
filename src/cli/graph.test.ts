import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawNetwork, networkDiagram } from "../inspect/index.ts";
import { layers } from "../layers/index.ts";
import { sequential } from "../models/index.ts";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { models } from "../zoo/index.ts";
import { runCommandLine } from "./program.ts";

let folder = "";
const at = (name: string) => join(folder, name);

async function run(...words: readonly string[]) {
  const terminal = createTestTerminal();
  const code = await runCommandLine(["graph", ...words], terminal);
  return { code, out: terminal.outText(), err: terminal.errText().replaceAll(folder, "F").trim() };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-graph-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("fovea graph", () => {
  test("--out x.svg: the drawing, of a model by name and of a file", async () => {
    const { code, out } = await run("lenet5", "--out", at("net.svg"));
    expect(code).toBe(0);
    expect(out).toBe(`lenet5: 9 layers, 61,706 parameters (61,706 trained)\nWritten to ${at("net.svg")}\n`);
    expect(await readFile(at("net.svg"), "utf8")).toBe(drawNetwork(models.create("lenet5")));
    const own = sequential([layers.dense({ units: 2, name: "out", inputShape: [3] })], { name: "small" });
    await own.save(at("small.safetensors"));
    await run(at("small.safetensors"), "--out", at("small.svg"));
    expect(await readFile(at("small.svg"), "utf8")).toBe(drawNetwork(own));
  });

  test("parameters are counted as fovea summary and fovea models count them", async () => {
    const { out } = await run("resnet18", "--out", at("resnet18.html"));
    expect(out).toContain("resnet18: 69 layers, 11,699,112 parameters (11,689,512 trained)\n");
    const terminal = createTestTerminal();
    await runCommandLine(["models", "resnet18", "--json"], terminal);
    expect(JSON.parse(terminal.outText())).toMatchObject({ parameters: 11_689_512 });
    expect(await readFile(at("resnet18.html"), "utf8")).toContain(
      "69 layers, 11,699,112 parameters (11,689,512 trained), ",
    );
  });

  test("--out x.html: the drawing and a table; --out x.json and --json: the layout", async () => {
    await run("squeezenet1-1", "--input-size", "64", "--classes", "5", "--out", at("net.html"));
    const page = await readFile(at("net.html"), "utf8");
    const model = models.create("squeezenet1-1", { inputShape: [64, 64, 3], classes: 5 });
    expect(page).toContain(drawNetwork(model));
    expect(page.match(/<tr><th scope="row">/g)).toHaveLength(model.architecture.layers.length);
    expect(page).not.toMatch(/<script|src="|href="(?!data:)/);
    await run("resnet34", "--all", "--out", at("net.json"));
    const layout = JSON.parse(await readFile(at("net.json"), "utf8"));
    expect(layout).toEqual(networkDiagram(models.create("resnet34"), { groupRepeats: false }));
    const { out } = await run("resnet34", "--json");
    expect(JSON.parse(out)).toEqual(networkDiagram(models.create("resnet34")));
  });

  test("mistakes", async () => {
    expect(await run("lenet5", "--out", at("net.png"))).toMatchObject({
      code: 2,
      err: 'fovea: --out: a name that ends in .svg, .html or .json was expected, got "F/net.png". An SVG file opens in a browser and prints at any size.',
    });
    expect((await run("lenet", "--out", at("net.svg"))).err).toContain('Did you mean "lenet5"');
    expect((await run("runs/none", "--out", at("net.svg"))).err).toContain("there is no such run");
    expect(await run(at("small.safetensors"), "--input-size", "64")).toMatchObject({
      code: 2,
      err: "fovea: --input-size: goes with the name of a model alone. A run, a model file and published weights have an input size already.",
    });
    await writeFile(at("file"), "");
    // Told before a model is opened.
    const unwritable = await run("runs/none", "--out", at("file/net.svg"));
    expect(unwritable.code).toBe(1);
    expect(unwritable.err).toContain("F/file");
  });
});
