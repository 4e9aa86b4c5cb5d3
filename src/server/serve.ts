import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Model } from "../models/index.ts";
import { OptionError, ServiceError } from "../tensor/errors.ts";
import { loopbackNames, type ServiceOptions } from "./options.ts";
import { createService, type Service } from "./service.ts";

/** Where a service listens. */
export interface ServeOptions extends ServiceOptions {
  /** Default 8080; 0 for any that is free. */
  readonly port?: number;
  /** Default `127.0.0.1`: nobody else's machine reaches it. `0.0.0.0` for all addresses of this one. */
  readonly host?: string;
  /** How long the head of a request may take to come, in seconds; default 10. */
  readonly headTimeout?: number;
}

/** A service that listens. */
export interface RunningService {
  /** `http://127.0.0.1:8080`. */
  readonly address: string;
  readonly service: Service;
  /**
   * Takes no more connections, answers what is in hand, and ends. The model and its engine stay.
   *
   * @param seconds - after which connections that are not done are cut; default 10
   */
  close(seconds?: number): Promise<void>;
}

/** How long a connection is kept for another request. */
const keepAliveTimeout = 5000;

/**
 * Serves a model over HTTP from Node. On loopback only requests under {@link loopbackNames} are answered, unless `hosts` says
 * otherwise.
 *
 * @throws ServiceError when the port cannot be had; OptionError, ShapeError as `createService` does
 */
export async function serve(model: Model, options: ServeOptions = {}): Promise<RunningService> {
  const { port = 8080, host = "127.0.0.1", headTimeout = 10, ...serviceOptions } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new OptionError(`${port} is no port`, {
      where: "serve",
      hint: "Ports are 0 to 65535; 0 is any free one.",
    });
  }
  if (!(headTimeout > 0 && headTimeout <= 3600)) {
    throw new OptionError(
      `option "headTimeout" must be above 0 and at most 3600 seconds, got ${headTimeout}`,
      { where: "serve" },
    );
  }
  const hosts = isLoopback(host) ? loopbackNames : null;
  const service = createService(model, { hosts, ...serviceOptions });
  const server = createAdaptorServer({
    fetch: service.fetch,
    // They are not ours to replace.
    overrideGlobalObjects: false,
    serverOptions: {
      headersTimeout: Math.ceil(1000 * headTimeout),
      // How often Node looks for connections whose time is over.
      connectionsCheckingInterval: Math.ceil(Math.min(1000, 250 * headTimeout)),
      keepAliveTimeout,
      // A body has its own limit, which answers in our words; this is for what escapes it.
      requestTimeout: Math.ceil(1000 * (headTimeout + 2 * (options.bodyTimeout ?? 20))),
    },
  }) as Server;
  await listen(server, port, host);
  try {
    await service.warmUp();
  } catch (error) {
    await close(server, service, 0);
    throw error;
  }
  const { port: actual } = server.address() as AddressInfo;
  return {
    address: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    service,
    close: (seconds = 10) => close(server, service, seconds),
  };
}

/** Whether an address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

async function listen(server: Server, port: number, host: string): Promise<void> {
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

async function close(server: Server, service: Service, seconds: number): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections become idle as their requests are answered; nobody else closes them then.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), seconds * 1000);
  const closed = service.close();
  await done;
  clearInterval(sweep);
  clearTimeout(deadline);
  await closed;
}
