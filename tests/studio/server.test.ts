import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Running, run } from "../cli/command.ts";
import { lacksChromium, launchChromium } from "../support/chromium.ts";
import { startedStudio } from "../support/started-studio.ts";

/** Bytes of what opening the page fetches, as they come over the wire, without data. */
const firstLoadBudget = 500_000;

describe("fovea studio", () => {
  let folder: string;
  let server: Running;
  let address: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fovea-studio-"));
    ({ server, address } = await startedStudio(folder));
  }, 60_000);
  afterAll(async () => {
    server?.process.kill("SIGKILL");
    await server?.ended;
    await rm(folder, { recursive: true, force: true });
  });

  test.skipIf(lacksChromium("the first load of Studio"))(
    "the first load is small, the second next to nothing",
    async () => {
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        const loads: { readonly path: string; readonly bytes: number }[] = [];
        let isSecond = false;
        const complaints: string[] = [];
        page.on("console", (message) => complaints.push(message.text()));
        page.on("requestfinished", async (request) => {
          const path = new URL(request.url()).pathname;
          const { responseBodySize } = await request.sizes();
          // Of a worker's own script the browser tells no size; the server does, where it is no second load from the cache.
          const told = isSecond ? null : await (await request.response())?.headerValue("content-length");
          const bytes = Math.max(responseBodySize, Number(told ?? 0));
          if (!path.startsWith("/data/")) loads.push({ path, bytes });
        });
        const total = () => loads.reduce((sum, { bytes }) => sum + bytes, 0);
        const isReady = async () => {
          await expect
            .poll(() => page.locator("#engine").textContent(), { timeout: 20_000 })
            .toMatch(/^\d+ threads?$/);
          await page.getByText("60,000 images to train on").waitFor();
        };
        await page.goto(address);
        await isReady();
        expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
        expect(loads.find(({ path }) => path.startsWith("/assets/worker-"))?.bytes).toBeGreaterThan(10_000);
        expect(total()).toBeGreaterThan(200_000);
        expect(total(), JSON.stringify(loads)).toBeLessThan(firstLoadBudget);
        // What has a hash in its name is not asked for again, the rest is asked whether it is the same.
        loads.length = 0;
        isSecond = true;
        await page.reload();
        await isReady();
        expect(total()).toBeLessThan(10_000);
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );

  test("a port that is taken, data that are missing and runs that are a file are told; a signal ends it, streams of events with it", async () => {
    const { port } = new URL(address);
    const second = await run(folder, "studio", "--port", port);
    expect(second).toMatchObject({ code: 1, out: "" });
    expect(second.err).toContain(`127.0.0.1:${port}: port ${port} is in use by another program.`);
    expect((await run(folder, "studio", "--data", "nothing")).err).toBe(
      "fovea: nothing: there is no such folder. Give a folder of IDX files.\n",
    );
    const stream = await fetch(`${address}api/events`);
    const reader = stream.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await writeFile(join(folder, "notes.txt"), "no folder");
    expect(await run(folder, "studio", "--port", "0", "--runs", "notes.txt")).toEqual({
      ...{ code: 1, out: "" },
      err: "fovea: notes.txt: this is a file; the folder that runs are in was expected. Give a folder; it need not be there yet.\n",
    });
    server.process.kill("SIGTERM");
    const ended = await server.ended;
    expect(ended).toMatchObject({ code: 0, err: "Closing; once more ends at once.\n" });
    expect(ended.out).toMatch(/^Studio is at http:\/\/127\.0\.0\.1:\d+\n$/);
  });
});
