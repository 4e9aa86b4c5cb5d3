/** Studio behind HTTP: its page, data sets to train on, and the runs of the command line as they go on. */
import { join } from "node:path";
import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { runFiles } from "../../train/run-folder.ts";
import { busy, failureResponse, jsonResponse, RequestFailure } from "../failure.ts";
import { checkNames, checkOrigin, isOwnName } from "../hosts.ts";
import { DataShelf } from "./data-shelf.ts";
import { FileAnswers } from "./file-answer.ts";
import { MetricsTail } from "./metrics-tail.ts";
import { insideOf, partsOfAddress } from "./paths.ts";
import { RunCatalog, type RunEntry, reportFile, weightsIn } from "./run-catalog.ts";
import { type Pace, parsedLine, RunTeller, usualPace, type WatchedRuns } from "./run-events.ts";

/** What Studio serves. */
export interface StudioOptions {
  /** The folder of the built page. */
  readonly page: string;
  /** The folder that runs are in; it need not be there yet. */
  readonly runs: string;
  /** Folders of IDX files, besides the data sets with names that are on this machine. */
  readonly data?: readonly string[];
  /** Of the library. */
  readonly version: string;
  /** Streams of events at a time; default 64. */
  readonly streams?: number;
  /** How often runs are looked at. */
  readonly pace?: Partial<Pace>;
  /** Told of errors that are nobody's fault but the server's. */
  readonly onError?: (error: unknown) => void;
}

/** What `GET /api/host` answers. */
export interface HostAnswer {
  readonly version: string;
  /** Names of the data sets below `/data/`. */
  readonly datasets: readonly string[];
  /** The folder that runs are in. */
  readonly runs: string;
}

/** What `GET /api/runs/:name` answers. */
export interface RunAnswer extends RunEntry {
  /** The lines of its `metrics.jsonl`. */
  readonly records: readonly unknown[];
}

/** Studio for any server that takes a fetch handler. */
export interface Studio {
  /** Answers a request. Never throws: what goes wrong is an answer, too. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Streams of events that are open. */
  readonly streams: number;
  /** Ends all streams, and refuses new ones. */
  close(): void;
}

/** On every answer: nothing from elsewhere, and memory may be shared between threads. */
const headers = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
} as const;

/** Styles may stand in the page, as charts set them; scripts may not. */
const pagePolicy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "worker-src 'self' blob:",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** A run's report is a page that was made of file names: it may show itself, and nothing else. */
const reportPolicy =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/** The address is what keeps a stream apart from others: a thousand names would not fit into it. */
const followedLimit = 32;

const eventHeaders = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/**
 * Makes Studio's service.
 *
 * @throws FileError when the page has not been built, or a data folder is missing
 */
export async function createStudio(options: StudioOptions): Promise<Studio> {
  return new StudioService(options, await DataShelf.of(options.data ?? []));
}

class StudioService implements Studio {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly #options: StudioOptions;
  readonly #shelf: DataShelf;
  readonly #catalog: RunCatalog;
  readonly #files = new FileAnswers();
  readonly #closing = new AbortController();
  #streams = 0;

  constructor(options: StudioOptions, shelf: DataShelf) {
    this.#options = options;
    this.#shelf = shelf;
    this.#catalog = new RunCatalog(options.runs);
    this.fetch = this.#build();
  }

  get streams(): number {
    return this.#streams;
  }

  close(): void {
    this.#closing.abort();
  }

  #build(): (request: Request) => Promise<Response> {
    const app = new Hono();
    app.use(async (context, next) => {
      await next();
      for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value);
      if (this.#closing.signal.aborted) context.res.headers.set("connection", "close");
    });
    app.use(async ({ req }, next) => {
      checkNames(req.raw, isOwnName, "Open the address that the server has printed.");
      checkOrigin(req.raw);
      if (req.method !== "GET" && req.method !== "HEAD") {
        const allow = { allow: "GET, HEAD", connection: "close" };
        throw new RequestFailure(405, `${req.path} takes GET and HEAD only`, { headers: allow });
      }
      await next();
    });
    const { version, runs } = this.#options;
    const { index } = this.#shelf;
    const datasets = index.datasets.map(({ name }) => name);
    app.get("/api/host", () => jsonResponse({ version, datasets, runs } satisfies HostAnswer));
    app.get("/api/runs", async () => jsonResponse({ runs: await this.#catalog.list() }));
    app.get("/api/events", (context) =>
      this.#tell(context, { names: context.req.queries("run") ?? [], all: true }),
    );
    app.get("/api/runs/:name", async ({ req }) => jsonResponse(await this.#run(req.param("name"))));
    app.get("/api/runs/:name/events", async (context) => {
      const name = context.req.param("name");
      await this.#folderOf(name);
      return this.#tell(context, { names: [name], all: false });
    });
    app.get("/api/runs/:name/model", ({ req }) => this.#model(req.param("name"), req.raw));
    app.get("/api/runs/:name/report", ({ req }) => this.#report(req.param("name"), req.raw));
    app.get("/data/index.json", () => jsonResponse(index));
    app.get("/data/*", ({ req }) => this.#data(req.raw));
    app.get("/api/*", ({ req }) => failureResponse(notThere(req.path)));
    app.get("*", ({ req }) => this.#page(req.raw));
    app.notFound(({ req }) => failureResponse(notThere(req.path)));
    app.onError((error) => {
      if (!(error instanceof RequestFailure)) this.#options.onError?.(error);
      return failureResponse(error);
    });
    return async (request) => await app.fetch(request);
  }

  /** Configuration, figures and records of a run. */
  async #run(name: string): Promise<RunAnswer> {
    const folder = await this.#folderOf(name);
    const entry = await this.#catalog.find(name);
    if (entry === null) throw noRun(name);
    const records: unknown[] = [];
    for await (const event of new MetricsTail(join(folder, runFiles.metrics)).read()) {
      const record = event.kind === "line" ? parsedLine(event.text) : undefined;
      if (record !== undefined) records.push(record);
    }
    return { ...entry, records };
  }

  async #folderOf(name: string): Promise<string> {
    const folder = await this.#catalog.folderOf(name);
    if (folder === null) throw noRun(name);
    return folder;
  }

  /** A stream of events, until the client goes or the server closes. */
  #tell(context: Context, watched: Omit<WatchedRuns, "lastEventId">): Response {
    const { streams = 64, pace } = this.#options;
    const { names } = watched;
    if (names.length > followedLimit || !names.every((name) => name.length <= 1000)) {
      throw new RequestFailure(400, `the records of ${followedLimit} runs can be followed at a time`);
    }
    if (this.#closing.signal.aborted) throw busy("Studio is closing");
    if (this.#streams >= streams) throw busy(`${this.#streams} streams of events are open already`);
    if (context.req.method === "HEAD") return new Response(null, { headers: eventHeaders });
    const lastEventId = context.req.header("last-event-id") ?? null;
    const ending = new AbortController();
    const end = () => ending.abort();
    this.#closing.signal.addEventListener("abort", end);
    this.#streams++;
    const response = streamSSE(context, async (stream) => {
      try {
        stream.onAbort(end);
        const teller = new RunTeller(
          stream,
          this.#catalog,
          { ...watched, lastEventId },
          { ...usualPace, ...pace },
        );
        await teller.run(ending.signal);
      } catch (error) {
        this.#options.onError?.(error);
      } finally {
        this.#streams--;
        this.#closing.signal.removeEventListener("abort", end);
      }
    });
    for (const [name, value] of Object.entries(eventHeaders)) response.headers.set(name, value);
    return response;
  }

  async #model(name: string, request: Request): Promise<Response> {
    const folder = await this.#folderOf(name);
    const weights = await weightsIn(folder);
    if (weights === null) {
      throw new RequestFailure(404, `the run ${name} has no model yet`, {
        hint: "It has one from its first checkpoint on.",
      });
    }
    return await this.#runFile(folder, weights.file, request, {});
  }

  async #report(name: string, request: Request): Promise<Response> {
    const folder = await this.#folderOf(name);
    return await this.#runFile(folder, reportFile, request, { "content-security-policy": reportPolicy });
  }

  async #runFile(
    folder: string,
    file: string,
    request: Request,
    more: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const path = await insideOf(folder, [file]);
    const answer = path === null ? null : await this.#files.answer(path, request, { headers: more });
    return answer ?? failureResponse(new RequestFailure(404, `this run has no ${file}`));
  }

  async #data(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const name = partsOfAddress(pathname.slice("/data/".length))?.join("/") ?? "";
    const path = this.#shelf.pathOf(name);
    const answer =
      path === null ? null : await this.#files.answer(path, request, { type: "application/octet-stream" });
    return answer ?? failureResponse(notThere(pathname));
  }

  async #page(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const parts = pathname === "/" ? ["index.html"] : partsOfAddress(pathname.slice(1));
    const path = parts === null ? null : await insideOf(this.#options.page, parts);
    // Their names carry a hash of what is in them.
    const isHashed = parts?.[0] === "assets";
    const policy = { "content-security-policy": pagePolicy };
    const answer =
      path === null ? null : await this.#files.answer(path, request, { isHashed, headers: policy });
    return answer ?? failureResponse(notThere(pathname));
  }
}

function noRun(name: string): RequestFailure {
  return new RequestFailure(404, `there is no run ${JSON.stringify(name)}`, {
    hint: "/api/runs lists those that there are.",
  });
}

function notThere(path: string): RequestFailure {
  return new RequestFailure(404, `there is no ${path}`);
}
