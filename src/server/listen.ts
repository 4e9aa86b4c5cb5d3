import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { OptionError, ServiceError } from "../tensor/errors.ts";

/** Where to listen, and what to bear. */
export interface ListenOptions {
  readonly port: number;
  readonly host: string;
  /** How long the head of a request may take to come, in seconds. */
  readonly headTimeout: number;
  /** How long all of a request may take, in seconds. */
  readonly requestTimeout: number;
  /** For errors: `serve`. */
  readonly where: string;
}

/** What listens. */
export interface Listening {
  /** `http://127.0.0.1:8080`. */
  readonly address: string;
  /**
   * Takes no more connections, and resolves when those that there are have ended.
   *
   * @param seconds - after which connections that are not done are cut
   */
  close(seconds: number): Promise<void>;
}

/** How long a connection is kept for another request, in milliseconds. */
const keepAliveTimeout = 5000;

/**
 * Answers requests over HTTP.
 *
 * @throws ServiceError when the port cannot be had; OptionError for what is no port
 */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { port, host, headTimeout, requestTimeout, where }: ListenOptions,
): Promise<Listening> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new OptionError(`${port} is no port`, {
      where,
      hint: "Ports are 0 to 65535; 0 is any free one.",
    });
  }
  if (!(headTimeout > 0 && headTimeout <= 3600)) {
    throw new OptionError(
      `option "headTimeout" must be above 0 and at most 3600 seconds, got ${headTimeout}`,
      { where },
    );
  }
  const server = createAdaptorServer({
    fetch,
    // They are not ours to replace.
    overrideGlobalObjects: false,
    serverOptions: {
      headersTimeout: Math.ceil(1000 * headTimeout),
      // How often Node looks for connections whose time is over.
      connectionsCheckingInterval: Math.ceil(Math.min(1000, 250 * headTimeout)),
      keepAliveTimeout,
      // A body has a limit of its own, which answers in our words; this is for what escapes it.
      requestTimeout: Math.ceil(1000 * requestTimeout),
    },
  }) as Server;
  await opened(server, port, host);
  const { port: actual } = server.address() as AddressInfo;
  return {
    address: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    close: (seconds) => close(server, seconds),
  };
}

/** Whether an address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

async function opened(server: Server, port: number, host: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (cause) {
    throw listenFailure(cause, port, host);
  }
}

function listenFailure(cause: unknown, port: number, host: string): ServiceError {
  const code = cause instanceof Error && "code" in cause ? cause.code : null;
  const where = `${host}:${port}`;
  if (code === "EADDRINUSE") {
    const hint = "Stop it, or take another port: --port 8081, or --port 0 for any that is free.";
    return new ServiceError(`port ${port} is in use by another program`, { where, hint, cause });
  }
  if (code === "EACCES") {
    const hint = "Take a port from 1024 on, such as --port 8080.";
    return new ServiceError(`port ${port} may not be used by this user`, { where, hint, cause });
  }
  const hint = "Use --host 127.0.0.1 for this machine alone, or --host 0.0.0.0 for all of its addresses.";
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return new ServiceError(`${host} is no address of this machine`, { where, hint, cause });
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  return new ServiceError(`it cannot listen there (${text})`, { where, hint, cause });
}

async function close(server: Server, seconds: number): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections become idle as their requests are answered; nobody else closes them then.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), seconds * 1000);
  await done;
  clearInterval(sweep);
  clearTimeout(deadline);
}
