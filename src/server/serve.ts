import type { Model } from "../models/index.ts";
import { isLoopback, type Listening, listen } from "./listen.ts";
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

/**
 * Serves a model over HTTP from Node. On loopback only requests under {@link loopbackNames} are answered, unless `hosts` says
 * otherwise.
 *
 * @throws ServiceError when the port cannot be had; OptionError, ShapeError as `createService` does
 */
export async function serve(model: Model, options: ServeOptions = {}): Promise<RunningService> {
  const { port = 8080, host = "127.0.0.1", headTimeout = 10, ...serviceOptions } = options;
  const hosts = isLoopback(host) ? loopbackNames : null;
  const service = createService(model, { hosts, ...serviceOptions });
  const requestTimeout = headTimeout + 2 * (options.bodyTimeout ?? 20);
  const listening = await listen(service.fetch, { port, host, headTimeout, requestTimeout, where: "serve" });
  try {
    await service.warmUp();
  } catch (error) {
    await close(listening, service, 0);
    throw error;
  }
  return {
    address: listening.address,
    service,
    close: (seconds = 10) => close(listening, service, seconds),
  };
}

async function close(listening: Listening, service: Service, seconds: number): Promise<void> {
  // Both at once: what is in hand is answered while no more is let in.
  await Promise.all([listening.close(seconds), service.close()]);
}
