import type { Plan } from "../engine.ts";
import { argumentLayouts } from "./generated/arguments.ts";
import type { Buffer, Call, Reference } from "./lower/lowering.ts";
import type { Allocator, Block } from "./memory.ts";
import { type Placement as BufferPlacement, findBarriers, SLACK } from "./plan/place.ts";
import type { LoweredGraph } from "./plan/plan.ts";
import type { LoadedCalls, LoadedPort, LoadedProgram } from "./program.ts";
import { kernelNames } from "./variants.ts";
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
  /** What to give back when the program is no longer needed. */
  readonly blocks: readonly Block[];
}

/**
 * Gives a lowered graph its addresses: memory of its own for records, tables, constants, rings and prepared weights, and
 * a place in the working memory that all programs share.
 *
 * @throws MemoryError when there is no room; nothing is taken then
 */
export function loadProgram(
  lowered: LoweredGraph,
  placement: BufferPlacement,
  workingAddress: number,
  allocator: Allocator,
  options: { readonly threads: number; readonly maximumSteps: number; readonly plan: Plan },
): Loading {
  const { threads, maximumSteps, plan } = options;
  const lists = [lowered.calls, lowered.prologue].map((part) => part.map(({ call }) => call));
  const blocks = allocator.allocateAll([
    ...lists.flatMap((calls) => sizesOf(calls, threads)),
    ...lowered.resident.map(({ bytes, name }) => ({ bytes: bytes + SLACK, what: name })),
  ]);
  const addresses = blocks.map((block) => block.address);
  const [step, prologue] = lists.map((calls): CallList => {
    const [address, counters, times] = addresses.splice(0, 3);
    return { calls, address, counters, times };
  });
  const resident = new Map(lowered.resident.map((buffer, index) => [buffer, addresses[index]]));
  const addressOf = (buffer: Buffer): number =>
    typeof buffer.home === "number"
      ? buffer.home
      : (resident.get(buffer) ?? workingAddress + (placement.offsets.get(buffer) ?? 0));

  const writes: Placement[] = [
    ...[step, prologue].map((list) => ({ address: list.address, bytes: programImage(list, addressOf) })),
    ...lowered.presets.map(({ buffer, bytes }) => ({ address: addressOf(buffer), bytes })),
  ];
  const locate = (port: LoweredGraph["inputs"][number]): LoadedPort => ({
    ...port,
    address: addressOf(port.ring),
  });
  const ports = { inputs: lowered.inputs.map(locate), outputs: lowered.outputs.map(locate) };
  const { sources, updated } = lowered;
  return { program: { plan, maximumSteps, step, prologue, sources, updated, ...ports }, writes, blocks };
}

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

/** The bytes of a program: header, records, argument blocks. */
function programImage(
  { calls, address, counters }: CallList,
  addressOf: (buffer: Buffer) => number,
): Uint8Array {
  const barriers = findBarriers(calls, addressOf);
  const records = address + PROGRAM_BYTES;
  let block = records + RECORD_BYTES * calls.length;
  const bytes = calls.reduce((sum, { kernel }) => sum + 4 * argumentLayouts[kernel].length, block - address);
  const image = new DataView(new ArrayBuffer(bytes));
  [records, calls.length, counters].forEach((word, index) => {
    image.setUint32(4 * index, word, true);
  });
  calls.forEach((call, index) => {
    const record = [kernelIndex.get(call.kernel) ?? 0, call.chunks, block, Number(barriers[index])];
    record.forEach((word, field) => {
      image.setUint32(PROGRAM_BYTES + RECORD_BYTES * index + 4 * field, word, true);
    });
    writeArguments(image, block - address, call, addressOf);
    block += 4 * argumentLayouts[call.kernel].length;
  });
  return new Uint8Array(image.buffer);
}

function writeArguments(
  image: DataView,
  at: number,
  call: Call,
  addressOf: (buffer: Buffer) => number,
): void {
  const values: Readonly<Record<string, number | Buffer | Reference | null>> = call.arguments;
  argumentLayouts[call.kernel].forEach(([field, type], index) => {
    const value = toNumber(values[field], addressOf);
    if (type === "f32") image.setFloat32(at + 4 * index, value, true);
    else if (type === "i32") image.setInt32(at + 4 * index, value, true);
    else image.setUint32(at + 4 * index, value, true);
  });
}

function toNumber(value: number | Buffer | Reference | null, addressOf: (buffer: Buffer) => number): number {
  if (value === null) return 0;
  if (typeof value === "number") return value;
  return "buffer" in value ? addressOf(value.buffer) + value.offset : addressOf(value);
}
