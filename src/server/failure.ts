import { FoveaError } from "../tensor/errors.ts";

/** A request that cannot be answered as it was meant: becomes an answer with a status and a text. */
export class RequestFailure extends Error {
  readonly status: number;
  readonly hint: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    options: { readonly hint?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.name = "RequestFailure";
    this.status = status;
    this.hint = options.hint;
    this.headers = options.headers ?? {};
  }
}

/** What an answer with a failure says. */
export interface FailureAnswer {
  readonly error: { readonly message: string; readonly hint: string | null };
}

/** A failure as an answer. What is no request's fault is not told to the outside. */
export function failureResponse(error: unknown): Response {
  if (error instanceof RequestFailure) {
    const { status, message, hint = null, headers } = error;
    return jsonResponse({ error: { message, hint } } satisfies FailureAnswer, status, headers);
  }
  const message = "the service failed";
  const hint = error instanceof FoveaError ? "What happened is in its log." : null;
  return jsonResponse({ error: { message, hint } } satisfies FailureAnswer, 500);
}

/** An answer that nobody keeps: the next one may differ. */
export function jsonResponse(
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });
}

/** Told to come again in a second. */
export function busy(message: string): RequestFailure {
  return new RequestFailure(503, message, { hint: "Try again later.", headers: { "retry-after": "1" } });
}
