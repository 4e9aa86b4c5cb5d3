import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExperimentDocument } from "../../src/cli/actions/experiment-translation.ts";
import type { TranslationDocument } from "../../src/cli/translation-files.ts";
import { documentOf, run, start } from "./command.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-experiment-"));
});
afterAll(() => rm(folder, { recursive: true }));

const few = ["--limit", "320", "--test-limit", "40", "--max-shift", "1", "--epochs", "1", "--seed", "4"];
const experiment = (...words: readonly string[]) => run(folder, "experiment", "translation", ...words);

describe("fovea experiment translation", () => {
  it("trains all nets, keeps their runs, and gives the same figures for the same seed", async () => {
    const first = await experiment(...few, "--json", "--quiet");
    expect(first.err).toBe("");
    const document: ExperimentDocument = documentOf(first);
    expect(document).toMatchObject({ data: "mnist", examples: 320, testExamples: 10_000, seed: 4 });
    const ids = [
      "dense",
      "dense-moved",
      "convnet",
      "convnet-moved",
      "convnet-blur",
      "convnet-gmp",
      "convnet-gmp-blur",
    ];
    expect(document.nets.map(({ id }) => id)).toEqual(ids);
    expect(document.findings).toHaveLength(6);
    expect(document.nets.map(({ moves }) => moves.length)).toEqual(ids.map(() => 9));
    // Each is a run like any other.
    expect((await readdir(join(folder, "runs/translation"))).sort()).toEqual([...ids, "report.html"].sort());
    const page = await readFile(join(folder, "runs/translation/report.html"), "utf8");
    for (const { title } of document.findings) expect(page).toContain(title);
    const again: TranslationDocument = documentOf(
      await run(
        folder,
        "translation",
        "runs/translation/convnet-blur",
        "--max-shift",
        "1",
        "--limit",
        "40",
        "--json",
      ),
    );
    expect(again.models[0]?.moves).toEqual(document.nets[4]?.moves);
    const second = await experiment(...few, "--json", "--quiet", "--threads", "1", "--out", "second.json");
    const other: ExperimentDocument = documentOf(second);
    expect(other.nets.map(({ moves }) => moves)).toEqual(document.nets.map(({ moves }) => moves));
    expect(other.findings).toEqual(document.findings);
    // The first folder is taken, so the second run went into another.
    expect(other.nets[0]?.run).toBe("runs/translation-2/dense");
    expect(JSON.parse(await readFile(join(folder, "second.json"), "utf8"))).toEqual(other);
  }, 120_000);

  it("tells before it trains what would fail at its end", async () => {
    await mkdir(join(folder, "taken.html"));
    const blocked = await experiment(...few, "--out", "taken.html");
    expect(blocked.code).toBe(1);
    expect(blocked.err).toContain("taken.html: this is a folder, a file is to be written.");
    expect(blocked.err).not.toContain("1/7");
    const kind = await experiment(...few, "--out", "report.png");
    expect(kind).toMatchObject({ code: 2 });
    expect(kind.err).toContain('--out: the name must end in one of .html, .json, got "report.png"');
    await mkdir(join(folder, "mine/dense"), { recursive: true });
    const there = await experiment(...few, "--runs", "mine");
    expect(there.code).toBe(1);
    expect(there.err).toContain(
      "mine: there is a run dense already. Give another folder by --runs, or --overwrite",
    );
  });

  it("is stopped by Ctrl-C with one clear error", async () => {
    const running = start(folder, "experiment", "translation", "--runs", "stopped", "--epochs", "50");
    await running.sees("Epoch 1/50");
    running.process.kill("SIGINT");
    const { code, err } = await running.ended;
    expect(code).toBe(1);
    expect(err).toContain("it was stopped before it was done");
    expect(err).not.toContain("    at ");
    expect(await readdir(join(folder, "stopped"))).toEqual(["dense"]);
  }, 60_000);
});
