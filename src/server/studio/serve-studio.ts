import { fileURLToPath } from "node:url";
import { fileExists } from "#host";
import { FileError } from "../../tensor/errors.ts";
import { type Listening, listen } from "../listen.ts";
import { createStudio, type Studio, type StudioOptions } from "./studio.ts";

/** Where Studio listens. */
export interface ServeStudioOptions extends Omit<StudioOptions, "page" | "runs"> {
  /** Default 4242; 0 for any that is free. */
  readonly port?: number;
  /** Default `127.0.0.1`: nobody else's machine reaches it. */
  readonly host?: string;
  /** Default: the page that comes with the package. */
  readonly page?: string;
  /** Default `runs`. */
  readonly runs?: string;
  /** How long the head of a request may take to come, in seconds; default 10. */
  readonly headTimeout?: number;
}

/** Studio that listens. */
export interface RunningStudio {
  /** `http://127.0.0.1:4242`. */
  readonly address: string;
  readonly studio: Studio;
  /**
   * Takes no more connections, ends streams of events, and sends what is in hand.
   *
   * @param seconds - after which connections that are not done are cut; default 5
   */
  close(seconds?: number): Promise<void>;
}

/** Of the package, and of the sources before they are built. */
const builtPage = fileURLToPath(new URL("../../../dist/studio", import.meta.url));

/**
 * Serves Studio from Node.
 *
 * @throws ServiceError when the port cannot be had; OptionError for what is no port; FileError when a data folder or the page is
 *   missing, or where the runs would be is a file
 */
export async function serveStudio(options: ServeStudioOptions): Promise<RunningStudio> {
  const {
    port = 4242,
    host = "127.0.0.1",
    page = builtPage,
    runs = "runs",
    headTimeout = 10,
    ...more
  } = options;
  if (!(await fileExists(`${page}/index.html`))) {
    throw new FileError("Studio's page has not been built", { where: page, hint: "Run: npm run build" });
  }
  if (await fileExists(runs)) {
    throw new FileError("this is a file; the folder that runs are in was expected", {
      where: runs,
      hint: "Give a folder; it need not be there yet.",
    });
  }
  const studio = await createStudio({ page, runs, ...more });
  const listening = await listen(studio.fetch, {
    ...{ port, host, headTimeout, where: "studio" },
    // Requests have no body: a head is all there is.
    requestTimeout: 2 * headTimeout,
  });
  return { address: listening.address, studio, close: (seconds = 5) => close(listening, studio, seconds) };
}

async function close(listening: Listening, studio: Studio, seconds: number): Promise<void> {
  studio.close();
  await listening.close(seconds);
}
