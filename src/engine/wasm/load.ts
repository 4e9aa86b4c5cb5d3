import type { Plan } from "../engine.ts";
import { argumentLayouts } from "./generated/arguments.ts";
import type { Holdings, MovableCalls } from "./holdings.ts";
import { kernelNames } from "./kernel-names.ts";
import type { Buffer, Call, Reference } from "./lower/lowering.ts";
import type { Allocator } from "./memory.ts";
import { type Placement as BufferPlacement, findBarriers, SLACK } from "./plan/place.ts";
import type { LoweredGraph } from "./plan/plan.ts";
import type { LoadedCalls, LoadedPort, LoadedProgram } from "./program.ts";
import type { Placement } from "./worker/protocol.ts";

/** Bytes of a `Record`, of a `Program` and of a chunk counter in kernels/program.ts. */
const RECORD_BYTES = 16;
const PROGRAM_BYTES = 64;
const COUNTER_BYTES = 64;

/** Index of each kernel in the function table. */
const kernelIndex = new Map<string, number>(kernelNames.map((name, index) => [name, index + 1]));

/** A program that has addresses, and the bytes to place in memory before it can run. */
export interface Loading {
  readonly program: LoadedProgram;
  readonly writes: readonly Placement[];
}

/** What a program is loaded with. */
export interface LoadOptions {
  readonly threads: number;
  readonly maximumSteps: number;
  readonly plan: Plan;
  readonly workingAddress: number;
}

/**
 * Gives a lowered graph its addresses: memory of its own for records, tables, constants and rings, memory that it shares
 * with others of its session for prepared weights, and a place in the working memory that all programs share.
 *
 * @param holdings - of the session; what the program takes is entered there
 * @throws MemoryError when there is no room; nothing is taken then
 */
export function loadProgram(
  lowered: LoweredGraph,
  placement: BufferPlacement,
  allocator: Allocator,
  holdings: Holdings,
  { threads, maximumSteps, plan, workingAddress }: LoadOptions,
): Loading {
  const lists = [lowered.calls, lowered.prologue].map((part) => part.map(({ call }) => call));
  const fresh = lowered.prepared.filter(({ key }) => holdings.preparedAt(key) === undefined);
  const own = [...lowered.resident, ...fresh.map(({ buffer }) => buffer)];
  const blocks = allocator.allocateAll([
    ...lists.flatMap((calls) => sizesOf(calls, threads)),
    ...own.map(({ bytes, name }) => ({ bytes: bytes + SLACK, what: name })),
  ]);
  holdings.blocks.push(...blocks);
  const addresses = blocks.map((block) => block.address);
  const [step, prologue] = lists.map((calls): CallList => {
    const [address, counters, times] = addresses.splice(0, 3);
    return { calls, address, counters, times };
  });
  const resident = new Map(own.map((buffer, index) => [buffer, addresses[index]]));
  for (const { key, buffer } of lowered.prepared) {
    const known = holdings.preparedAt(key);
    const address = known ?? resident.get(buffer) ?? 0;
    if (known === undefined) holdings.prepared.set(key, address);
    resident.set(buffer, address);
  }
  const addressOf: AddressOf = (buffer) => {
    if (typeof buffer.home === "object") {
      const { address, moves } = addressOf(buffer.home.of);
      return { address: address + buffer.home.offset, moves };
    }
    const offset = placement.offsets.get(buffer);
    if (offset !== undefined) return { address: workingAddress + offset, moves: true };
    const fixed = typeof buffer.home === "number" ? buffer.home : resident.get(buffer);
    return { address: fixed ?? 0, moves: false };
  };

  const images = [step, prologue].map((list) => callsImage(list, addressOf));
  holdings.calls.push(...images);
  const writes: Placement[] = [
    ...images.map(({ address, image }) => ({ address, bytes: image })),
    ...lowered.presets.map(({ buffer, bytes }) => ({ address: addressOf(buffer).address, bytes })),
  ];
  const locate = (port: LoweredGraph["inputs"][number]): LoadedPort => ({
    ...port,
    address: addressOf(port.ring).address,
  });
  const ports = { inputs: lowered.inputs.map(locate), outputs: lowered.outputs.map(locate) };
  const { sources, updated } = lowered;
  return { program: { plan, maximumSteps, step, prologue, sources, updated, ...ports }, writes };
}

/** Where a buffer lies, and whether it moves with the working memory. */
type AddressOf = (buffer: Buffer) => { readonly address: number; readonly moves: boolean };

/** Calls, and the memory for their records, chunk counters and timers. */
interface CallList extends LoadedCalls {
  readonly calls: readonly Call[];
  readonly counters: number;
}

/** Bytes of what a list of calls takes: records and argument blocks, chunk counters, timers. */
function sizesOf(calls: readonly Call[], threads: number) {
  const argumentBytes = calls.reduce((sum, { kernel }) => sum + 4 * argumentLayouts[kernel].length, 0);
  return [
    { bytes: PROGRAM_BYTES + RECORD_BYTES * calls.length + argumentBytes, what: "program" },
    { bytes: COUNTER_BYTES * threads * calls.length, what: "chunk counters" },
    { bytes: 8 * calls.length, what: "timers" },
  ];
}

/** The bytes of a list of calls: header, records, argument blocks. */
function callsImage({ calls, address, counters }: CallList, addressOf: AddressOf): MovableCalls {
  const barriers = findBarriers(calls, (buffer) => addressOf(buffer).address);
  const records = address + PROGRAM_BYTES;
  let block = records + RECORD_BYTES * calls.length;
  const bytes = calls.reduce((sum, { kernel }) => sum + 4 * argumentLayouts[kernel].length, block - address);
  const view = new DataView(new ArrayBuffer(bytes));
  const words: number[] = [];
  [records, calls.length, counters].forEach((word, index) => {
    view.setUint32(4 * index, word, true);
  });
  calls.forEach((call, index) => {
    const record = [kernelIndex.get(call.kernel) ?? 0, call.chunks, block, Number(barriers[index])];
    record.forEach((word, field) => {
      view.setUint32(PROGRAM_BYTES + RECORD_BYTES * index + 4 * field, word, true);
    });
    words.push(...writeArguments(view, block - address, call, addressOf));
    block += 4 * argumentLayouts[call.kernel].length;
  });
  return { address, image: new Uint8Array(view.buffer), words };
}

/** Writes an argument block; offsets of the words in it that move with the working memory. */
function writeArguments(view: DataView, at: number, call: Call, addressOf: AddressOf): number[] {
  const values: Readonly<Record<string, number | Buffer | Reference | null>> = call.arguments;
  return argumentLayouts[call.kernel].flatMap(([field, type], index) => {
    const { word, moves } = toWord(values[field], addressOf);
    const position = at + 4 * index;
    if (type === "f32") view.setFloat32(position, word, true);
    else if (type === "i32") view.setInt32(position, word, true);
    else view.setUint32(position, word, true);
    return moves ? [position] : [];
  });
}

function toWord(value: number | Buffer | Reference | null, addressOf: AddressOf) {
  if (value === null) return { word: 0, moves: false };
  if (typeof value === "number") return { word: value, moves: false };
  const { buffer, offset } = "buffer" in value ? value : { buffer: value, offset: 0 };
  const { address, moves } = addressOf(buffer);
  return { word: address + offset, moves };
}
