import { type Context, Hono } from "hono";
import type { Model } from "../models/index.ts";
import { EngineError } from "../tensor/errors.ts";
import { Classifier } from "./classifier.ts";
import { busy, failureResponse, jsonResponse, RequestFailure } from "./failure.ts";
import { checkNames } from "./hosts.ts";
import { ServiceMetrics } from "./metrics.ts";
import { readServiceOptions, type ServiceOptions } from "./options.ts";
import { dropPage } from "./page.ts";
import { BodyMemory, gone, withUpload } from "./upload.ts";

/** What `POST /predict` answers. */
export interface PredictAnswer {
  /** The model's name. */
  readonly model: string;
  /** The file's name in a form; `null` for a plain body. */
  readonly input: string | null;
  /** Of the upright image, in pixels. */
  readonly width: number;
  readonly height: number;
  /** The likeliest classes, the likeliest first. */
  readonly top: readonly { readonly class: number; readonly name: string; readonly probability: number }[];
  /** From the request's head to the answer, the image's way here included. */
  readonly milliseconds: number;
}

/** What `GET /model` answers. */
export interface ModelAnswer {
  readonly model: string;
  /** `[height, width, channels]` of its input; images of any size are brought to it. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** `null` where classes have numbers only. */
  readonly classNames: readonly string[] | null;
  readonly parameters: number;
  /** What bodies and batches may be. */
  readonly limits: { readonly bodyBytes: number; readonly batchSize: number; readonly queue: number };
}

/** A model behind HTTP, for any server that takes a fetch handler. */
export interface Service {
  /** Answers a request. Never throws: what goes wrong is an answer, too. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Compiles what is needed for batches of all sizes, so that the first requests are as quick as others. */
  warmUp(): Promise<void>;
  /** Requests for predictions in hand. */
  readonly inHand: number;
  /** Takes no more predictions (503), and resolves when those in hand are answered. The model and its engine stay. */
  close(): Promise<void>;
}

/** The routes, with their methods. What is not here is answered 404, or 405 with `Allow`. */
const routes = {
  "/": "GET, HEAD",
  "/predict": "POST",
  "/healthz": "GET, HEAD",
  "/metrics": "GET, HEAD",
  "/model": "GET, HEAD",
} as const;

type Route = keyof typeof routes;

/**
 * Makes a service of a model: `POST /predict` (an image as body, or a form with one file; `?top=5`), `GET /` (a page to drop a
 * photo on), `/model`, `/healthz`, `/metrics`. Images of requests that come at the same time go through the model together.
 *
 * @throws OptionError for options that are not as they must be; ShapeError when the model takes no images
 */
export function createService(model: Model, options: ServiceOptions = {}): Service {
  return new ModelService(model, options);
}

class ModelService implements Service {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly #model: Model;
  readonly #options: ReturnType<typeof readServiceOptions>;
  readonly #classifier: Classifier;
  readonly #memory: BodyMemory;
  readonly #metrics: ServiceMetrics;
  #inHand = 0;
  #closing: Promise<void> | null = null;
  #lastIsDone: (() => void) | null = null;

  constructor(model: Model, given: ServiceOptions) {
    const options = readServiceOptions(given, model.name);
    this.#model = model;
    this.#options = options;
    this.#classifier = new Classifier(model, {
      ...options,
      onBatch: (images, milliseconds) => this.#metrics.ran(images, milliseconds),
    });
    this.#memory = new BodyMemory(options.memory);
    this.#metrics = new ServiceMetrics(options.name, {
      queue: () => this.#inHand,
      waiting: () => this.#classifier.waiting,
      decoding: () => this.#classifier.decoding,
      bodyBytes: () => this.#memory.held,
    });
    this.fetch = this.#build();
  }

  get inHand(): number {
    return this.#inHand;
  }

  async warmUp(): Promise<void> {
    await this.#classifier.warmUp(this.#options.batchSize);
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    if (this.#inHand > 0) {
      await new Promise<void>((resolve) => {
        this.#lastIsDone = resolve;
      });
    }
    this.#classifier.close();
  }

  #build(): (request: Request) => Promise<Response> {
    const app = new Hono();
    const { name } = this.#options;
    const described = this.#describe();
    const page = dropPage(
      name,
      `${described.classes} classes, images of ${described.inputShape.slice(0, 2).join(" x ")}`,
    );
    app.use(async (context, next) => {
      const begin = performance.now();
      await next();
      if (this.#closing !== null) context.res.headers.set("connection", "close");
      this.#told(context, performance.now() - begin);
    });
    app.use(async (context, next) => {
      const { hosts } = this.#options;
      if (hosts !== null) {
        const hint = `Ask for it as ${hosts.join(", ")}.`;
        checkNames(context.req.raw, (name) => hosts.includes(name), hint);
      }
      await next();
    });
    app.post("/predict", ({ req }) => this.#admit(req.raw, req.query("top")));
    app.get("/", () => {
      const { html, contentSecurityPolicy } = page;
      return new Response(html, {
        headers: {
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": contentSecurityPolicy,
          "cache-control": "no-store",
          "x-content-type-options": "nosniff",
          "referrer-policy": "no-referrer",
        },
      });
    });
    app.get("/healthz", () => this.#health());
    app.get("/model", () => jsonResponse(described));
    app.get("/metrics", async () => {
      const { contentType } = this.#metrics;
      return new Response(await this.#metrics.text(), { headers: { "content-type": contentType } });
    });
    app.notFound(({ req }) => failureResponse(unknownRoute(req.path)));
    app.onError((error, { req }) => this.#failed(error, req.raw));
    return async (request) => app.fetch(request);
  }

  #describe(): ModelAnswer {
    const { inputShape, outputShape, classNames } = this.#model;
    const { name, bodyLimit, batchSize, queue } = this.#options;
    return {
      model: name,
      inputShape: [...inputShape],
      classes: outputShape.at(-1) ?? 0,
      classNames,
      parameters: this.#model.summary().parameters,
      limits: { bodyBytes: bodyLimit, batchSize, queue },
    };
  }

  #health(): Response {
    if (this.#closing !== null) return jsonResponse({ status: "closing" }, 503);
    const isHealthy = this.#classifier.isHealthy;
    return jsonResponse({ status: isHealthy ? "ok" : "failing" }, isHealthy ? 200 : 503);
  }

  /** Takes a request for a prediction in hand, if there is room. */
  async #admit(request: Request, top: string | undefined): Promise<Response> {
    if (this.#closing !== null) throw busy("the service is closing");
    if (this.#inHand >= this.#options.queue) throw busy(`${this.#inHand} requests are in hand already`);
    this.#inHand++;
    try {
      return await this.#predict(request, this.#readTop(top));
    } finally {
      this.#inHand--;
      if (this.#inHand === 0) this.#lastIsDone?.();
    }
  }

  async #predict(request: Request, top: number): Promise<Response> {
    const begin = performance.now();
    const { name: model, timeout } = this.#options;
    return await withUpload(request, this.#options, this.#memory, async ({ bytes, name }) => {
      const late = busy(`there was no answer within ${timeout} seconds`);
      using deadline = new Deadline(request.signal, timeout, late);
      const { signal } = deadline;
      const classified = await this.#classifier.classify(bytes, { name: name ?? "image", top, signal });
      const milliseconds = Math.round((performance.now() - begin) * 100) / 100;
      return jsonResponse({ model, input: name, ...classified, milliseconds } satisfies PredictAnswer);
    });
  }

  #readTop(text: string | undefined): number {
    if (text === undefined) return this.#options.top;
    if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
    throw new RequestFailure(400, `top must be a whole number from 1 up, got ${JSON.stringify(text)}`, {
      hint: "Ask for /predict?top=5, for example.",
    });
  }

  #failed(error: unknown, request: Request): Response {
    if (request.signal.aborted) return failureResponse(gone());
    if (!(error instanceof RequestFailure)) this.#options.onError?.(error);
    if (error instanceof EngineError && this.#closing !== null) {
      return failureResponse(busy("the service is closing"));
    }
    return failureResponse(error);
  }

  #told({ req, res }: Context, milliseconds: number): void {
    const route = Object.hasOwn(routes, req.path) ? req.path : "other";
    const method = /^(GET|HEAD|POST)$/.test(req.method) ? req.method : "other";
    this.#metrics.answered(method, route, res.status, milliseconds);
    this.#options.onAnswer?.({ method: req.method, path: req.path, status: res.status, milliseconds });
  }
}

/** A signal that is aborted when the client goes, or time is over. */
class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #client: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout>;

  /** @param late - the reason when time is over */
  constructor(client: AbortSignal, seconds: number, late: Error) {
    this.#client = client;
    this.#timer = setTimeout(() => this.#controller.abort(late), seconds * 1000);
    client.addEventListener("abort", this.#leave);
    if (client.aborted) this.#leave();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#client.removeEventListener("abort", this.#leave);
  }

  readonly #leave = (): void => this.#controller.abort(gone());
}

/** @returns 405 for a route with another method, else 404 */
function unknownRoute(path: string): RequestFailure {
  if (Object.hasOwn(routes, path)) {
    const allow = routes[path as Route];
    return new RequestFailure(405, `${path} takes ${allow.replace(", ", " and ")} only`, {
      headers: { allow },
    });
  }
  return new RequestFailure(404, `there is no ${path}`, {
    hint: "There are /, /predict, /model, /healthz and /metrics.",
  });
}
