import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { grayImage, postImage } from "../../src/testing/served-model.ts";
import { documentOf, type Running, run, start, writeIdxFolder } from "./command.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-cli-"));
  await writeIdxFolder(join(folder, "data"));
  const training = ["--data", "./data", "--model", "dense", "--epochs", "1", "--limit", "64", "--out", "run"];
  documentOf(await run(folder, "train", ...training, "--json"));
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

/** The address that a service prints when it listens. */
function addressOf({ process: { stdout } }: Running): Promise<string> {
  return new Promise((resolve, reject) => {
    stdout?.on("data", (chunk: Buffer) => {
      const [address] = /http:\S+/.exec(chunk.toString()) ?? [];
      if (address !== undefined) resolve(address);
    });
    stdout?.on("close", () => reject(new Error("it ended before it listened")));
  });
}

it("fovea serve answers, logs, and ends in order by a signal; a second one on its port says so", async () => {
  const service = start(folder, "serve", "run", "--port", "0", "--log");
  const address = await addressOf(service);
  const { status, text } = await postImage(address, grayImage(255), false);
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({ model: "run", input: null, width: 4, height: 4 });
  const { port } = new URL(address);
  const second = await run(folder, "serve", "run", "--port", port);
  expect(second.code).toBe(1);
  expect(second.err).toContain(`127.0.0.1:${port}: port ${port} is in use by another program.`);
  service.process.kill("SIGTERM");
  const { code, out, err } = await service.ended;
  expect(code).toBe(0);
  expect(out).toMatch(/^run, \d+ classes; wasm \(.*\); at http:\/\/127\.0\.0\.1:\d+\n$/);
  expect(err).toMatch(/T\S+Z POST \/predict 200 [\d.]+ ms\nAnswering what is in hand/);
}, 60_000);
