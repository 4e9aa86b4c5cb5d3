/** The page's side of the lab. */
import { signal } from "@preact/signals";
import { proxy, wrap } from "comlink";
import { messageOf } from "../errors.ts";
import type { EngineInfo } from "./engine.ts";
import type { ModelEntry } from "./models.ts";
import type { Lab } from "./worker.ts";

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "fovea lab" });

/** Calls go to the worker and answers come back: every method gives a promise. Functions go as `proxy(function)`. */
export const lab = wrap<Lab>(worker);

/** How the engine runs; null until it does. */
export const engineInfo = signal<EngineInfo | null>(null);
/** Why there is no engine. */
export const engineFailure = signal<string | null>(null);
/** The models in the lab, oldest first. */
export const models = signal<readonly ModelEntry[]>([]);

worker.addEventListener("error", (event) => {
  engineFailure.value = event.message || "The lab's worker did not start. Reload the page.";
});

/** How many models have what no file has. */
let unsaved = 0;

// They are lost with the page: the browser asks before it closes or reloads it.
addEventListener("beforeunload", (event) => {
  if (unsaved > 0) event.preventDefault();
});

async function start(): Promise<void> {
  try {
    await lab.datasets.start(document.baseURI);
    await lab.models.watch(
      proxy((entries, count) => {
        models.value = entries;
        unsaved = count;
      }),
    );
    engineInfo.value = await lab.engine.info();
  } catch (error) {
    engineFailure.value = messageOf(error);
  }
}

void start();
