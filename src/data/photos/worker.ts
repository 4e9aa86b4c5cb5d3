// A thread that reads photos. It is bundled to text for each host and started from there (scripts/build-worker.mjs), so
// that no bundler of a user's has to know of it.
import { type PhotoDone, type PhotoTask, readPhoto } from "./photo-task.ts";

/** What a worker is told before all else. */
export interface WorkerStart {
  /** The address of sharp; `null` where the host decodes by itself, or where it is not installed. */
  readonly decoder: string | null;
}

interface Port {
  postMessage(message: PhotoDone | "ready", transfer: ArrayBuffer[]): void;
}

interface NodePort extends Port {
  on(event: "message", listener: (message: PhotoTask | WorkerStart) => void): void;
}

declare const require: ((name: "node:worker_threads") => { parentPort: NodePort }) | undefined;

let loadDecoder: (() => Promise<unknown>) | undefined;

async function receive(port: Port, message: PhotoTask | WorkerStart): Promise<void> {
  if ("decoder" in message) {
    const { decoder } = message;
    if (decoder !== null) loadDecoder = () => import(/* @vite-ignore */ decoder);
    port.postMessage("ready", []);
    return;
  }
  const photo = await readPhoto(message, loadDecoder);
  port.postMessage({ id: message.id, photo }, ownBuffers(photo.pixels));
}

/** What may be handed over instead of copied: memory that holds nothing else. */
function ownBuffers(pixels: Uint8Array | null): ArrayBuffer[] {
  if (pixels === null || pixels.byteLength !== pixels.buffer.byteLength) return [];
  return pixels.buffer instanceof ArrayBuffer ? [pixels.buffer] : [];
}

if (typeof require === "function") {
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", (message) => void receive(parentPort, message));
} else {
  const port = globalThis as typeof globalThis & Port;
  globalThis.addEventListener("message", (event: MessageEvent<PhotoTask | WorkerStart>) => {
    void receive(port, event.data);
  });
}
