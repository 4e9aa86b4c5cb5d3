import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What a service counts as it goes. */
export interface Gauges {
  /** Requests for predictions in hand. */
  readonly queue: () => number;
  /** Of those, images that wait for the model. */
  readonly waiting: () => number;
  /** Of those, images that wait for a thread to decode them, or are with one. */
  readonly decoding: () => number;
  /** Bytes of bodies in memory. */
  readonly bodyBytes: () => number;
}

/** From a millisecond, in steps of about two, to half a minute. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The figures of a service, in the form of Prometheus. Each has a registry of its own: several services do not mix. */
export class ServiceMetrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<"method" | "route" | "status">;
  readonly #seconds: Histogram<"route">;
  readonly #batches: Histogram;
  readonly #engine: Histogram;

  constructor(model: string, gauges: Gauges) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: "fovea_requests_total",
      help: "Requests answered, by method, route and status.",
      labelNames: ["method", "route", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "fovea_request_seconds",
      help: "Time from a request's head to its answer.",
      labelNames: ["route"],
      buckets: secondsBuckets,
      registers,
    });
    this.#batches = new Histogram({
      name: "fovea_batch_size",
      help: "Images in a call of the model.",
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
      registers,
    });
    this.#engine = new Histogram({
      name: "fovea_batch_seconds",
      help: "Time of a call of the model.",
      buckets: secondsBuckets,
      registers,
    });
    this.#gauge("fovea_queue_length", "Requests for predictions in hand.", gauges.queue);
    this.#gauge("fovea_waiting_images", "Decoded images that wait for the model.", gauges.waiting);
    this.#gauge("fovea_decoding_images", "Images that are decoded, or wait for it.", gauges.decoding);
    this.#gauge("fovea_body_bytes", "Bytes of requests' bodies in memory.", gauges.bodyBytes);
    this.#gauge("process_resident_memory_bytes", "Memory of the process.", () => process.memoryUsage.rss());
    new Gauge({
      name: "fovea_model_info",
      help: "The model that answers; always 1.",
      labelNames: ["model"],
      registers,
    }).set({ model }, 1);
  }

  /** Counts an answer. @param route - one of few: each is a line of its own */
  answered(method: string, route: string, status: number, milliseconds: number): void {
    this.#requests.inc({ method, route, status: String(status) });
    this.#seconds.observe({ route }, milliseconds / 1000);
  }

  /** Counts a call of the model. */
  ran(images: number, milliseconds: number): void {
    this.#batches.observe(images);
    this.#engine.observe(milliseconds / 1000);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    return await this.#registry.metrics();
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }
}
