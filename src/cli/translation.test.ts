import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "#host";
import { loadDataset, take } from "../data/index.ts";
import { translationMap } from "../inspect/index.ts";
import { Model } from "../models/index.ts";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { models } from "../zoo/index.ts";
import { backgroundNames } from "./names.ts";
import { runCommandLine } from "./program.ts";
import type { TranslationDocument } from "./translation-files.ts";

let folder = "";
const at = (name: string) => join(folder, name);

async function run(...words: readonly string[]) {
  const terminal = createTestTerminal();
  const code = await runCommandLine(["translation", ...words, "--threads", "1"], terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-translation-"));
  for (const name of ["dense", "convnet-gmp"] as const)
    await models.create(name).save(at(`${name}.safetensors`));
});
afterAll(() => rm(folder, { recursive: true }));

const few = ["--max-shift", "1", "--limit", "30"];

describe("fovea translation", () => {
  test("--json: the library's figures of each model", async () => {
    const files = [at("dense.safetensors"), at("convnet-gmp.safetensors")];
    const { code, out, err } = await run(...files, ...few, "--json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const document: TranslationDocument = JSON.parse(out);
    expect(document.models.map(({ name, parameters }) => [name, parameters])).toEqual([
      [files[0], 535_818],
      [files[1], 19_466],
    ]);
    const { test: digits } = await loadDataset("mnist");
    for (const [index, file] of files.entries()) {
      const map = await translationMap(await Model.load(file), take(digits, 30), { maxShift: 1 });
      const [figures, expected] = [document.models[index]?.moves, map.moves];
      expect(figures?.map(({ dx, dy, examples }) => [dx, dy, examples])).toEqual(
        expected.map(({ dx, dy, examples }) => [dx, dy, examples]),
      );
      // The engine of the command may round otherwise.
      for (const [place, { loss }] of expected.entries()) expect(figures?.[place]?.loss).toBeCloseTo(loss, 4);
    }
  });

  test("a table without --out; --out by its ending", async () => {
    const words = [at("dense.safetensors"), ...few, "--background", "edge", "--examples", "2"];
    const { code, out } = await run(...words, "--out", at("new/moves.html"));
    expect(code).toBe(0);
    expect(out).toContain("Accuracy on 30 test images of mnist, means over all moves of a distance");
    expect(out).toContain("same answer at 1 px");
    expect(out).toContain(`Written to ${at("new/moves.html")}.\n`);
    const page = await readFile(at("new/moves.html"), "utf8");
    expect(page.match(/<svg class="chart heat"/g)).toHaveLength(3);
    expect(page).toContain("the pixels of the edge go on");
    await run(...words, "--out", at("moves.csv"));
    const lines = (await readFile(at("moves.csv"), "utf8")).trim().split("\r\n");
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe("model,dx,dy,accuracy,loss,consistency,examples");
    expect(lines[5]).toMatch(/dense\.safetensors,0,0,[\d.]+,[\d.]+,1,30$/);
    await run(...words, "--out", at("moves.png"));
    expect(await decodeImage(at("moves.png"))).toMatchObject({ width: 1600 });
    await run(...words, "--out", at("moves.svg"));
    expect(await readFile(at("moves.svg"), "utf8")).toMatch(/^<svg xmlns=.*<\/svg>\s*$/s);
    await run(...words, "--out", at("moves.json"));
    expect(JSON.parse(await readFile(at("moves.json"), "utf8"))).toMatchObject({
      data: "mnist",
      models: [{ background: "edge", maxShift: 1, examples: 30 }],
    });
  });

  test("mistakes are told before anything is computed", async () => {
    const model = at("dense.safetensors");
    const failure = async (...words: readonly string[]) => {
      const { code, err } = await run(...words);
      return `${code} ${err}`;
    };
    expect(await failure(model, "--out", "moves.gif")).toBe(
      '2 fovea: --out: the name must end in one of .html, .svg, .png, .json, .csv, got "moves.gif". The ending says what is written.\n',
    );
    await writeFile(at("file"), "");
    expect(await failure(model, "--out", at("file/moves.html"))).toContain(`1 fovea: ${at("file")}`);
    expect(await failure(folder, "--limit", "1")).toContain("this folder holds no run");
    expect(await failure("dense")).toContain("this is a model without trained weights");
    expect(await failure(model, "--max-shift", "0")).toContain(
      '--max-shift: a whole number from 1 to 64 was expected, got "0"',
    );
    expect(await failure(model, "--max-shift", "28")).toContain(
      "a move by 28 pixels leaves nothing of 28 x 28 images. Give a maxShift of at most 27.",
    );
    expect(await failure(model, "--background", "black")).toContain('unknown name "black"');
    expect(await failure(model, "--limit", "x")).toContain("--limit: a whole number of at least 1");
    expect(await failure()).toContain("missing required argument 'models'");
    expect(backgroundNames).toEqual(["zeros", "edge"]);
  });
});
