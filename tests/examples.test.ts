import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { root } from "./support/sources.ts";

const execute = promisify(execFile);

test("what LeNet learned of the digits 0 to 4 reads 5 to 9 from 1,000 examples, far better than random features", {
  timeout: 90_000,
}, async () => {
  const { stdout } = await execute(process.execPath, [join(root, "examples/digits-transfer.mjs")]);
  const rows = [...stdout.matchAll(/^ {2}(flatten|fc1) +([\d.]+) % +([\d.]+) %$/gm)];
  const figures = rows.map(([, layer, learned, random]) => ({
    layer,
    learned: Number(learned),
    random: Number(random),
  }));
  expect(figures.map(({ layer }) => layer)).toEqual(["flatten", "fc1"]);
  const [flatten, fc1] = figures;
  expect(flatten.learned).toBeGreaterThanOrEqual(96);
  expect(flatten.learned).toBeLessThan(99.5);
  expect(flatten.random).toBeLessThan(flatten.learned - 2.5);
  expect(fc1.random).toBeLessThan(fc1.learned - 8);
  expect(Number(/digits 0 to 4: ([\d.]+) %/.exec(stdout)?.[1])).toBeGreaterThan(99.3);
});

const clothes = existsSync("/usr/share/datasets/fashion-mnist");

test.skipIf(!clothes)(
  "the residual net on Fashion-MNIST begins to learn (skipped where Debian's dataset-fashion-mnist is not installed)",
  { timeout: 240_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "fovea-example-"));
    try {
      const script = join(root, "examples/fashion-mnist.mjs");
      const { stdout } = await execute(process.execPath, [script, "--epochs", "2", "--limit", "3200"], {
        cwd: folder,
      });
      expect(stdout).toMatch(/^464,810 parameters$/m);
      expect(stdout).toMatch(/^epoch 2 of 2: train [\d.]+ %, test [\d.]+ % \(\d+ s\)$/m);
      expect(Number(/^([\d.]+) % of 10000 test pictures/m.exec(stdout)?.[1])).toBeGreaterThan(60);
      expect(existsSync(join(folder, "fashion-mnist.safetensors"))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
