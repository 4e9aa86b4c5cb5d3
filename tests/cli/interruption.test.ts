import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { documentOf, run, start, writeIdxFolder } from "./command.ts";

let folder: string;
/** Long enough to be stopped in the middle, with all that is random: order, dropout, moves. */
const training = [
  "--data",
  "./data",
  "--model",
  "convnet",
  "--batch-size",
  "8",
  "--epochs",
  "12",
  "--augment",
  "shift:1",
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-cli-"));
  await writeIdxFolder(join(folder, "data"));
  documentOf(await run(folder, "train", ...training, "--out", "whole", "--json"));
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

const weights = (path: string) => readFile(join(folder, path, "model.safetensors"));

describe("a run that is stopped", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "by %s saves, says how to go on, and ends the same",
    async (signal) => {
      const out = `stopped-${signal}`;
      const training1 = start(folder, "train", ...training, "--out", out, "--json");
      await training1.sees("Epoch 2/12");
      training1.process.kill(signal);
      const stopped = await training1.ended;
      expect(documentOf(stopped)).toMatchObject({ interrupted: true, accuracy: null, loss: null });
      expect(stopped.err).toContain(
        "Stopping after the running step; once more ends at once, without saving.\n",
      );
      expect(stopped.err).toMatch(/Stopped in epoch \d+ of 12(, step \d+)?\. Saved in /);
      expect(stopped.err).toContain(`Go on with: fovea train --resume ${out}\n`);
      documentOf(await run(folder, "train", "--resume", out, "--threads", "1", "--json"));
      expect((await weights(out)).equals(await weights("whole"))).toBe(true);
    },
  );

  it("by SIGKILL ends the same when it is resumed", async () => {
    const killed = start(folder, "train", ...training, "--out", "killed");
    await killed.sees("Epoch 3/12");
    killed.process.kill("SIGKILL");
    expect(await killed.ended).toMatchObject({ code: null });
    const resumed = documentOf(await run(folder, "train", "--resume", "killed", "--json"));
    expect(resumed.history).toHaveLength(12);
    expect((await weights("killed")).equals(await weights("whole"))).toBe(true);
    const lines = (await readFile(join(folder, "killed/metrics.jsonl"), "utf8")).trimEnd().split("\n");
    const epochs = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "epochEnd");
    expect(epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12 }, (_, epoch) => epoch));
  });

  it("by SIGKILL before its first checkpoint begins again", async () => {
    const killed = start(folder, "train", ...training, "--out", "early");
    await killed.sees("into early");
    killed.process.kill("SIGKILL");
    await killed.ended;
    const again = documentOf(await run(folder, "train", ...training, "--out", "early", "--json"));
    expect(again.epochs).toBe(12);
    expect((await weights("early")).equals(await weights("whole"))).toBe(true);
  });
});

describe("a run's folder", () => {
  it("belongs to one process at a time", async () => {
    const first = start(folder, "train", ...training, "--epochs", "500", "--out", "shared");
    await first.sees("Epoch 1/500");
    for (const words of [
      ["--out", "shared"],
      ["--resume", "shared"],
    ]) {
      const second = await run(folder, "train", ...(words[0] === "--out" ? training : []), ...words);
      expect(second.code).toBe(1);
      expect(second.err).toContain(`fovea: shared: output folder in use by process ${first.process.pid} on `);
    }
    first.process.kill("SIGINT");
    expect(await first.ended).toMatchObject({ code: 0 });
  });

  it("is not left when a second signal ends the process at once", async () => {
    const {
      process: child,
      ended,
      sees,
    } = start(folder, "train", ...training, "--epochs", "500", "--out", "twice");
    await sees("Epoch 1/500");
    child.kill("SIGINT");
    child.kill("SIGTERM");
    const { code } = await ended;
    // Both signals may come before the first is dealt with, or the run may have ended in between.
    expect([0, 1]).toContain(code);
    const resumed = start(folder, "train", "--resume", "twice");
    await resumed.sees("into twice");
    resumed.process.kill("SIGKILL");
    await resumed.ended;
  });
});
