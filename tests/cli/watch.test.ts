import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layers } from "../../src/layers/index.ts";
import { sequential } from "../../src/models/index.ts";
import { drawnPhoto } from "../../src/testing/finetune-result.ts";
import { run, start } from "./command.ts";

let folder = "";
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-watch-"));
  const model = sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [12, 12, 3] }),
      layers.globalAveragePool2d(),
      layers.dense({ units: 2 }),
    ],
    { classNames: ["cat", "dog"], seed: 1 },
  );
  await model.save(at("model.safetensors"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Starts watching an empty folder of that name, and waits until it does. */
async function watch(name: string, ...words: readonly string[]) {
  await mkdir(at(name), { recursive: true });
  const watching = start(folder, "watch", "model.safetensors", name, "--threads", "1", ...words);
  const lines: { path: string; top: { name: string }[]; problem: string | null }[] = [];
  let rest = "";
  watching.process.stdout?.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop() ?? "";
    if (words.includes("--json")) lines.push(...parts.map((line) => JSON.parse(line)));
  });
  await watching.sees(`Watching ${name}; Ctrl-C ends it.`);
  const until = async (count: number) => {
    for (let wait = 0; lines.length < count && wait < 20_000; wait += 50) await pause(50);
    expect(lines.length).toBeGreaterThanOrEqual(count);
    return lines;
  };
  return { ...watching, lines, until };
}

describe("fovea watch", () => {
  test("tells of what is new, copied slowly, moved here, changed and broken; ends with Ctrl-C", async () => {
    await mkdir(at("in"));
    await writeFile(at("in/before.ppm"), drawnPhoto(1));
    await symlink("..", at("in/loop"));
    const { process: child, ended, lines, until } = await watch("in", "--json", "--settle", "400");
    const bytes = drawnPhoto(2);
    await writeFile(at("in/slow.ppm"), bytes.subarray(0, 1000));
    for (let from = 1000; from < bytes.length; from += 1500) {
      await pause(150);
      await appendFile(at("in/slow.ppm"), bytes.subarray(from, from + 1500));
    }
    expect(await until(1)).toMatchObject([{ path: "in/slow.ppm", problem: null }]);
    expect(lines[0]?.top.map(({ name }) => name).sort()).toEqual(["cat", "dog"]);

    await mkdir(at("in/deeper/ä b"), { recursive: true });
    await writeFile(at("aside.ppm"), drawnPhoto(3));
    await writeFile(at("in/notes.txt"), "no photo");
    await writeFile(at("in/.hidden.ppm"), drawnPhoto(3));
    await rename(at("aside.ppm"), at("in/deeper/ä b/moved.ppm"));
    expect((await until(2)).slice(1)).toMatchObject([{ path: "in/deeper/ä b/moved.ppm", problem: null }]);

    await writeFile(at("in/before.ppm"), drawnPhoto(4));
    expect((await until(3))[2]).toMatchObject({ path: "in/before.ppm", problem: null });
    await writeFile(at("in/broken.ppm"), "P6 9 9 255 ");
    expect((await until(4))[3]).toMatchObject({ path: "in/broken.ppm", top: [] });
    expect(lines[3]?.problem).toMatch(/not a binary PGM or PPM image/);

    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 0 });
    expect(lines).toHaveLength(4);
  }, 60_000);

  test("--existing: what is there, too", async () => {
    await mkdir(at("there"));
    for (const index of [1, 2, 3]) await writeFile(at(`there/${index}.ppm`), drawnPhoto(index));
    const { process: child, ended, until } = await watch("there", "--json", "--existing", "--settle", "100");
    const paths = (await until(3)).map(({ path }) => path);
    expect(paths.toSorted()).toEqual(["there/1.ppm", "there/2.ppm", "there/3.ppm"]);
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 0 });
  }, 60_000);

  test("ends with an error when the folder goes away", async () => {
    const { ended } = await watch("gone");
    await rm(at("gone"), { recursive: true });
    const { code, err } = await ended;
    expect(code).toBe(1);
    expect(err).toContain(
      "fovea: gone: the folder is gone, or another has taken its place. Start again when it is there.\n",
    );
  }, 60_000);

  test("wants a folder", async () => {
    const { code, err } = await run(folder, "watch", "model.safetensors", "nowhere");
    expect(code).toBe(1);
    expect(err).toBe("fovea: nowhere: there is no such folder. Create it, or check its name.\n");
  });
});
