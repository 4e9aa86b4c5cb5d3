import { appendFile, cp, mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RunFolder } from "../../train/run-folder.ts";
import { type RunningStudio, serveStudio } from "./serve-studio.ts";

let folder: string;
let studio: RunningStudio;
const failures: unknown[] = [];
const streams: EventReader[] = [];
const run = (...path: string[]) => join(folder, "runs", ...path);

/** An event as a browser would get it. */
interface Received {
  readonly event: string;
  readonly id: string | null;
  readonly data: { readonly [name: string]: unknown };
}

/** Reads server-sent events (HTML standard, 9.2.6). */
class EventReader {
  readonly received: Received[] = [];
  comments = 0;
  readonly ended: Promise<void>;
  readonly #controller = new AbortController();

  constructor(path: string, headers: Record<string, string> = {}) {
    this.ended = this.#read(path, headers);
    streams.push(this);
  }

  get lastId(): string {
    return this.received.findLast(({ id }) => id !== null)?.id ?? "";
  }

  of(event: string): Received["data"][] {
    return this.received.filter((one) => one.event === event).map(({ data }) => data);
  }

  /** What the client has of a run's records. */
  records(name: string): unknown[] {
    let records: unknown[] = [];
    for (const { event, data } of this.received) {
      if (data["name"] !== name) continue;
      if (event === "anew") records = [];
      if (event === "record") records = [...records, data["record"]];
    }
    return records;
  }

  async stop(): Promise<void> {
    this.#controller.abort();
    await this.ended;
  }

  async #read(path: string, headers: Record<string, string>): Promise<void> {
    const response = await fetch(studio.address + path, { headers, signal: this.#controller.signal });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    let text = "";
    try {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += chunk;
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          this.#take(text.slice(0, end));
          text = text.slice(end + 2);
        }
      }
    } catch (error) {
      if (!this.#controller.signal.aborted) throw error;
    }
  }

  #take(block: string): void {
    const fields = new Map(
      block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
    );
    const data = fields.get("data");
    if (data === undefined) this.comments += fields.has("") ? 1 : 0;
    else
      this.received.push({
        event: fields.get("event") ?? "",
        id: fields.get("id") ?? null,
        data: JSON.parse(data),
      });
  }
}

async function start(pace: object = {}): Promise<void> {
  studio = await serveStudio({
    ...{ port: 0, page: join(folder, "page"), runs: run(), version: "1.2.3", streams: 8 },
    pace: { records: 10, list: 20, heartbeat: 10_000, ...pace },
    onError: (error) => failures.push(error),
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-events-"));
  await mkdir(join(folder, "page"));
  await writeFile(join(folder, "page/index.html"), "");
  await start();
});
afterEach(async () => {
  await Promise.all(streams.splice(0).map((stream) => stream.stop()));
  await expect.poll(() => studio.studio.streams).toBe(0);
  await studio.close(0);
  await rm(folder, { recursive: true });
  expect(failures.splice(0)).toEqual([]);
});

/** A run's folder as killed or finished runs leave it. */
async function writeRun(name: string, lines: readonly object[]): Promise<void> {
  await mkdir(run(name), { recursive: true });
  await writeFile(run(name, "config.json"), JSON.stringify({ model: "lenet5", data: "mnist", epochs: 5 }));
  await writeFile(run(name, "metrics.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

const begin = { type: "trainBegin", epoch: -1, time: "2026-05-01T12:00:00.000Z" };
const epoch = (number: number) => ({
  type: "epochEnd",
  epoch: number,
  loss: 1 / (number + 1),
  milliseconds: 10,
});
const add = (name: string, text: string) => appendFile(run(name, "metrics.jsonl"), text);
const line = (value: object) => `${JSON.stringify(value)}\n`;

describe("records of a run", () => {
  test("come from the beginning, then as they are written; half a line waits for its other half", async () => {
    await writeRun("a", [begin, epoch(0)]);
    const stream = new EventReader("/api/runs/a/events");
    await expect.poll(() => stream.records("a")).toEqual([begin, epoch(0)]);
    expect(stream.of("runs")).toMatchObject([
      { runs: [{ name: "a", state: "killed", model: "lenet5", epochs: 1 }] },
    ]);
    await add("a", line(epoch(1)).slice(0, 20));
    await expect.poll(() => stream.of("run").length).toBeGreaterThan(0);
    expect(stream.records("a")).toHaveLength(2);
    await add("a", line(epoch(1)).slice(20) + line(epoch(2)));
    await expect.poll(() => stream.records("a")).toEqual([begin, epoch(0), epoch(1), epoch(2)]);
    await add("a", `broken {\n\n${line(epoch(3))}`);
    await expect.poll(() => stream.records("a").at(-1)).toEqual(epoch(3));
    expect(stream.records("a")).toHaveLength(5);
    expect(stream.of("anew")).toEqual([]);
  });

  test("go on where a browser was that comes again, also after the server was started anew", async () => {
    await writeRun("a", [begin, epoch(0), epoch(1)]);
    const first = new EventReader("/api/runs/a/events");
    await expect.poll(() => first.records("a")).toHaveLength(3);
    await first.stop();
    await add("a", line(epoch(2)));
    await studio.close(0);
    await start();
    const second = new EventReader("/api/runs/a/events", { "last-event-id": first.lastId });
    await expect.poll(() => second.records("a")).toEqual([epoch(2)]);
    expect(second.of("anew")).toEqual([]);
  });

  test("begin anew where the file was cut, replaced or is another than the browser knows", async () => {
    await writeRun("a", [begin, epoch(0), epoch(1)]);
    const stream = new EventReader("/api/runs/a/events");
    await expect.poll(() => stream.records("a")).toHaveLength(3);
    await truncate(run("a", "metrics.jsonl"), line(begin).length);
    await expect.poll(() => stream.records("a")).toEqual([begin]);
    await writeFile(
      run("a", "new"),
      line({ ...begin, time: "2026-05-02T12:00:00.000Z" }) + line(epoch(0)) + line(epoch(7)),
    );
    await rename(run("a", "new"), run("a", "metrics.jsonl"));
    await expect.poll(() => stream.records("a").at(-1)).toEqual(epoch(7));
    expect(stream.records("a")).toHaveLength(3);
    await stream.stop();
    // Written over in place, and longer than before: only its first line tells.
    await writeFile(
      run("a", "metrics.jsonl"),
      [begin, ...Array.from({ length: 9 }, (_, number) => epoch(number))].map(line).join(""),
    );
    const again = new EventReader("/api/runs/a/events", { "last-event-id": stream.lastId });
    await expect.poll(() => again.records("a")).toHaveLength(10);
    expect(again.of("anew")).toHaveLength(1);
    for (const id of ["nonsense", "x:1", "a.b:99999999999999999999", "-,-", "a.b:5"]) {
      const odd = new EventReader("/api/runs/a/events", { "last-event-id": id });
      await expect.poll(() => odd.records("a")).toHaveLength(10);
      expect(odd.of("anew")).toHaveLength(1);
      await odd.stop();
    }
  });

  test("a run that is deleted is told, and so is one that takes its place", async () => {
    await writeRun("a", [begin, epoch(0)]);
    const stream = new EventReader("/api/runs/a/events");
    await expect.poll(() => stream.records("a")).toHaveLength(2);
    await rm(run("a"), { recursive: true });
    await expect.poll(() => stream.of("gone")).toEqual([{ name: "a" }]);
    await expect.poll(() => stream.records("a")).toEqual([]);
    expect((await fetch(`${studio.address}/api/runs/a`)).status).toBe(404);
    await writeRun("a", [{ ...begin, time: "later" }, epoch(5)]);
    await expect.poll(() => stream.records("a").at(-1)).toEqual(epoch(5));
    expect(stream.records("a")).toHaveLength(2);
  });

  test("long files and lines come whole, up to a limit", async () => {
    const many = Array.from({ length: 3000 }, (_, number) => epoch(number));
    await writeRun("a", [
      begin,
      { type: "wide", text: "é".repeat(200_000) },
      { type: "huge", text: "x".repeat(3_000_000) },
      ...many,
    ]);
    const stream = new EventReader("/api/runs/a/events");
    await expect.poll(() => stream.records("a").length, { timeout: 10_000 }).toBe(3002);
    expect(stream.records("a")[1]).toEqual({ type: "wide", text: "é".repeat(200_000) });
    expect(stream.records("a").at(-1)).toEqual(epoch(2999));
  });
});

describe("the list", () => {
  test("runs below the folder with their states, as they come, change and go", async () => {
    await writeRun("done", [
      begin,
      epoch(0),
      { type: "trainEnd", epoch: 1, reason: "completed", time: "2026-05-01T12:01:00.000Z" },
    ]);
    await writeRun("group/deep run", [{ ...begin, time: "2026-05-01T13:00:00.000Z" }, epoch(0)]);
    const { runs } = await (await fetch(`${studio.address}/api/runs`)).json();
    expect(runs).toMatchObject([
      { name: "group/deep run", state: "killed", weights: null },
      { name: "done", state: "finished", epochs: 1, plannedEpochs: 5, config: { model: "lenet5" } },
    ]);
    const stream = new EventReader("/api/events?run=group%2Fdeep%20run&run=done&run=none");
    await expect.poll(() => stream.records("group/deep run")).toHaveLength(2);
    await expect.poll(() => stream.records("done")).toHaveLength(3);
    const live = await RunFolder.create(run("live"), { model: "dense", data: "mnist", epochs: 2 });
    await expect
      .poll(() => stream.of("run").at(-1))
      .toMatchObject({ name: "live", state: "running", epochs: 0 });
    await live.record({
      type: "epochEnd",
      epoch: 0,
      loss: 0.5,
      validation: { loss: 0.4, accuracy: 0.9 },
      milliseconds: 5,
    });
    await live.writeCheckpoint(new Uint8Array([1, 2, 3]));
    await expect
      .poll(() => stream.of("run").at(-1))
      .toMatchObject({
        ...{ name: "live", state: "running", epochs: 1, bestValidationAccuracy: 0.9 },
        weights: { file: "checkpoint.safetensors" },
      });
    await live.release();
    await expect.poll(() => stream.of("run").at(-1)).toMatchObject({ name: "live", state: "killed" });
    await rm(run("done"), { recursive: true });
    await expect.poll(() => stream.of("gone")).toEqual([{ name: "done" }]);
  });

  test("a run's configuration, records, weights and report; what it does not have is told", async () => {
    await writeRun("a", [begin, epoch(0)]);
    await writeFile(run("a", "model.safetensors"), "model");
    await writeFile(run("a", "checkpoint.safetensors"), "");
    await writeFile(run("a", "report.html"), "<p>report</p>");
    const get = (path: string) => fetch(`${studio.address}/api/runs/${path}`);
    expect(await (await get("a")).json()).toMatchObject({
      name: "a",
      config: { epochs: 5 },
      records: [begin, epoch(0)],
    });
    const model = await get("a/model");
    expect([model.headers.get("content-type"), await model.text()]).toEqual([
      "application/octet-stream",
      "model",
    ]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await writeFile(run("a", "checkpoint.safetensors"), "newer");
    expect(await (await get("a/model")).text()).toBe("newer");
    const report = await get("a/report");
    expect(report.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
    expect(await report.text()).toBe("<p>report</p>");
    await writeRun("b", []);
    for (const [path, message] of [
      ["b/model", "the run b has no model yet"],
      ["b/report", "this run has no report.html"],
      ["c", 'there is no run "c"'],
      ["c/events", 'there is no run "c"'],
    ]) {
      const answer = await get(path);
      expect([answer.status, (await answer.json()).error.message]).toEqual([404, message]);
    }
  });

  test("nothing that links lead out to, and nothing hidden", async () => {
    await writeRun("a", [begin]);
    await cp(run("a"), join(folder, "elsewhere"), { recursive: true });
    await writeFile(join(folder, "elsewhere/model.safetensors"), "outside");
    await symlink(join(folder, "elsewhere"), run("linked"));
    await cp(run("a"), run(".hidden"), { recursive: true });
    await symlink(join(folder, "elsewhere/model.safetensors"), run("a", "model.safetensors"));
    const { runs } = await (await fetch(`${studio.address}/api/runs`)).json();
    expect(runs.map(({ name }: { name: string }) => name)).toEqual(["a"]);
    for (const path of ["linked", "linked/model", ".hidden", "a/model", "..%2Felsewhere/model"])
      expect((await fetch(`${studio.address}/api/runs/${path}`)).status, path).toBe(404);
  });

  test("an empty folder, or none, has no runs", async () => {
    expect(await (await fetch(`${studio.address}/api/runs`)).json()).toEqual({ runs: [] });
    const stream = new EventReader("/api/events");
    await expect.poll(() => stream.of("runs")).toEqual([{ runs: [] }]);
    await writeRun("a", [begin]);
    await expect.poll(() => stream.of("run")).toMatchObject([{ name: "a", state: "begun" }]);
  });
});

describe("streams", () => {
  test("as many as are allowed at a time; who goes makes room", async () => {
    await writeRun("a", [begin]);
    const all = Array.from({ length: 8 }, () => new EventReader("/api/runs/a/events"));
    for (const stream of all) await expect.poll(() => stream.records("a")).toEqual([begin]);
    const refused = await fetch(`${studio.address}/api/events`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    await all[0]?.stop();
    await expect.poll(() => studio.studio.streams).toBe(7);
    const next = new EventReader("/api/events");
    await expect.poll(() => next.of("runs")).toHaveLength(1);
    expect((await fetch(`${studio.address}/api/events`, { method: "HEAD" })).status).toBe(503);
  });

  test("give signs of life, and end when the server closes", async () => {
    await studio.close(0);
    await start({ heartbeat: 30 });
    const stream = new EventReader("/api/events");
    await expect.poll(() => stream.comments).toBeGreaterThan(2);
    const begun = performance.now();
    await studio.close();
    await stream.ended;
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
