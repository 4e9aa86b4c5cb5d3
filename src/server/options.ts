import {
  booleanField,
  checkOptions,
  type Fields,
  field,
  nullable,
  numberField,
  type Resolved,
  wholeNumberField,
} from "../options/index.ts";

/** How a service works, and what it bears. */
export interface ServiceOptions {
  /** What the model is called in answers; default the model's own name. */
  readonly name?: string;
  /** How many classes an answer has, unless the request says `?top=5`; default 3. */
  readonly top?: number;
  /** Images that go through the model in one call at most, a power of two; default 32. */
  readonly batchSize?: number;
  /** How long the first image of a batch waits for others, in milliseconds; default 2. A running call is waited for anyway. */
  readonly batchWait?: number;
  /** Requests for predictions that are in hand at a time; more are answered 503. Default 1024. */
  readonly queue?: number;
  /** The largest body of a request, in bytes; default 16 MiB. */
  readonly bodyLimit?: number;
  /** Bytes of bodies that are in memory at a time, all requests together; default 256 MiB. */
  readonly memory?: number;
  /** Pixels that an image may have: a file of some kilobytes can decode to gigabytes. Default 2^26, 67 megapixels. */
  readonly pixelLimit?: number;
  /** How long the body of a request may take to come, in seconds; default 20. */
  readonly bodyTimeout?: number;
  /** How long a prediction may take once its image is there, in seconds; default 30. */
  readonly timeout?: number;
  /** Threads that decode images; default half as many as the machine runs at a time. */
  readonly workers?: number | null;
  /**
   * Whether large JPEGs are decoded at a part of their size, in a fraction of the time: answers are nearly those of `predict`
   * then. Default false: exactly those.
   */
  readonly fast?: boolean;
  /** Names that requests may call this host by; `null`, the default, for any. See {@link loopbackNames}. */
  readonly hosts?: readonly string[] | null;
  /** Told of each answer. */
  readonly onAnswer?: ((answer: AnswerEvent) => void) | null;
  /** Told of errors that are nobody's fault but the service's. */
  readonly onError?: ((error: unknown) => void) | null;
}

/** A request that was answered. */
export interface AnswerEvent {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** From the request's head to the answer. */
  readonly milliseconds: number;
}

/**
 * The names of loopback. A page of any site can have its own name resolve to 127.0.0.1 and then talk to what listens there
 * ("DNS rebinding"); such requests come under that name, and are refused.
 */
export const loopbackNames: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** A power of two keeps the number of compiled programs small: batches are of 1, 2, 4, ... images. */
const batchSizeField = field(
  "a power of two from 1 to 1024",
  (value): value is number =>
    typeof value === "number" && value >= 1 && value <= 1024 && Number.isInteger(Math.log2(value)),
  32,
);

const isFunction = (value: unknown): value is (...values: unknown[]) => void => typeof value === "function";
const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "");
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

const fields: Fields<ServiceOptions> = {
  name: field("a text", isText, "model"),
  top: wholeNumberField(1, 3),
  batchSize: batchSizeField,
  batchWait: numberField({ minimum: 0, maximum: 10_000 }, 2),
  queue: wholeNumberField(1, 1024),
  bodyLimit: wholeNumberField(1, 16 * 2 ** 20),
  memory: wholeNumberField(1, 256 * 2 ** 20),
  pixelLimit: wholeNumberField(1, 2 ** 26),
  bodyTimeout: numberField({ above: 0, maximum: 3600 }, 20),
  timeout: numberField({ above: 0, maximum: 3600 }, 30),
  workers: nullable(wholeNumberField(0)),
  fast: booleanField(false),
  hosts: nullable(field("a list of names", isNames)),
  onAnswer: nullable(field("a function", isFunction)),
  onError: nullable(field("a function", isFunction)),
};

/** @throws OptionError for an option that is not known, or not as it must be */
export function readServiceOptions(options: ServiceOptions, modelName: string): Resolved<ServiceOptions> {
  return checkOptions("createService", { name: modelName, ...options }, fields);
}
