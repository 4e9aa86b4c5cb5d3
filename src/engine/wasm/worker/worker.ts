// One thread of the team: an instance of the kernels that runs what it is told. It is compiled to text and started from
// there (scripts/build-worker.mjs), so it imports types only, and finds out by itself whether it is in Node.
import type {
  DoneMessage,
  Extent,
  Placement,
  StartMessage,
  TaskMessage,
  TrialMessage,
  WorkerMessage,
} from "./protocol.ts";

interface Port {
  postMessage(message: DoneMessage, transfer?: ArrayBuffer[]): void;
}

interface Kernels {
  setThread(thread: number, threads: number, team: number, scratch: number): void;
  run(program: number, steps: number, firstSlot: number): void;
  profile(program: number, slot: number, times: number): void;
  [kernel: string]: CallableFunction;
}

declare const require: ((name: "node:worker_threads") => { parentPort: NodePort }) | undefined;

interface NodePort extends Port {
  on(event: "message", listener: (message: WorkerMessage) => void): void;
}

interface Thread {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  readonly ownsMemory: boolean;
  readonly start: StartMessage;
}

let thread: Thread | undefined;

function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  names: readonly string[],
): Kernels {
  const table = new WebAssembly.Table({ initial: names.length + 1, element: "anyfunc" });
  const environment = { memory, table, now: () => performance.now(), abort: () => {} };
  const { exports } = new WebAssembly.Instance(module, { env: environment });
  names.forEach((name, index) => {
    table.set(index + 1, exports[name]);
  });
  return exports as Kernels;
}

function start(message: StartMessage): void {
  trialMemory = undefined;
  // V8 tells of growth those who have a memory already: one that grew while this message was unpacked would keep the size that it
  // had, here and in the kernels. To grow by nothing is to look again.
  message.memory?.grow(0);
  const memory = message.memory ?? new WebAssembly.Memory({ initial: message.pages, maximum: 65536 });
  const kernels = instantiate(message.module, memory, message.kernels);
  thread = { kernels, memory, ownsMemory: message.memory === null, start: message };
}

/** Rounds that are timed together: a browser's clock may tick in tenths of a millisecond. */
const TIMED_ROUNDS = 8;

/** The memory of the last trial: fresh pages take longer to come than to be cleared. */
let trialMemory:
  | { readonly memory: WebAssembly.Memory; readonly pages: number; readonly shared: boolean }
  | undefined;

function emptyMemory({ pages, shared }: TrialMessage): WebAssembly.Memory {
  if (trialMemory?.pages === pages && trialMemory.shared === shared) {
    new Uint8Array(trialMemory.memory.buffer).fill(0);
  } else {
    trialMemory = {
      memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared }),
      pages,
      shared,
    };
  }
  return trialMemory.memory;
}

function performTrial(trial: TrialMessage): DoneMessage {
  const memory = emptyMemory(trial);
  const kernels = instantiate(trial.module, memory, trial.kernels);
  kernels.setThread(0, 1, 64, trial.scratch);
  for (const { address, length } of trial.fills ?? [])
    new Float32Array(memory.buffer, address, length / 4).fill(1);
  place(memory, trial.writes);
  const kernel = kernels[trial.kernel];
  const round = () => {
    for (const block of trial.blocks) kernel(block, 0);
  };
  round();
  const times: number[] = [];
  const end = performance.now() + trial.milliseconds;
  for (let now = performance.now(); now < end; ) {
    const begin = now;
    for (let index = 0; index < TIMED_ROUNDS; index++) round();
    now = performance.now();
    times.push((now - begin) / TIMED_ROUNDS);
  }
  times.sort((a, b) => a - b);
  const [fastest = Number.POSITIVE_INFINITY] = times;
  const median = times[times.length >> 1] ?? fastest;
  return { id: trial.id, reads: fetchBytes(memory, trial.reads), times: { fastest, median } };
}

/** Places bytes; only where the memory is this worker's own, else the owner has done it. */
function place(memory: WebAssembly.Memory, writes: readonly Placement[]): void {
  const bytes = new Uint8Array(memory.buffer);
  for (const write of writes) bytes.set(write.bytes, write.address);
}

function fetchBytes(memory: WebAssembly.Memory, reads: readonly Extent[]): Uint8Array[] {
  return reads.map(({ address, length }) => new Uint8Array(memory.buffer).slice(address, address + length));
}

function perform(message: TaskMessage, { kernels, memory, ownsMemory, start }: Thread): Uint8Array[] {
  switch (message.type) {
    case "scratch":
      kernels.setThread(start.thread, start.threads, start.team, message.address);
      return [];
    case "clear":
      new Uint8Array(memory.buffer, message.address, message.length).fill(0);
      return [];
    case "grow":
      if (ownsMemory) memory.grow(message.pages);
      return [];
    case "access":
      place(memory, message.writes);
      return fetchBytes(memory, message.reads);
    case "profile":
      kernels.profile(message.program, message.slot, message.times);
      return [];
    case "run":
      if (ownsMemory) place(memory, message.writes);
      kernels.run(message.program, message.steps, message.firstSlot);
      return ownsMemory ? fetchBytes(memory, message.reads) : [];
  }
}

function receive(message: WorkerMessage, port: Port): void {
  if (message.type === "start") {
    start(message);
    return;
  }
  try {
    if (message.type === "trial") {
      port.postMessage(performTrial(message));
      return;
    }
    if (thread === undefined) return;
    const reads = perform(message, thread);
    if (thread.start.thread === 0) port.postMessage({ id: message.id, reads });
  } catch (error) {
    port.postMessage({ id: message.id, reads: [], error: String(error) });
  }
}

if (typeof require === "function") {
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", (message) => receive(message, parentPort));
} else {
  const scope = globalThis as unknown as Port & { onmessage: (event: MessageEvent<WorkerMessage>) => void };
  scope.onmessage = (event) => receive(event.data, scope);
}
