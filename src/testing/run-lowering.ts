import { tuneV8 } from "#host";
import { argumentLayouts } from "../engine/wasm/generated/arguments.ts";
import { modules, type Variant } from "../engine/wasm/generated/modules.ts";
import { bytesOfModule } from "../engine/wasm/kernel-module.ts";
import { kernelNames } from "../engine/wasm/kernel-names.ts";
import type { Buffer, Call, LoweringContext } from "../engine/wasm/lower/lowering.ts";
import type { Node } from "../graph/index.ts";
import { bytesPerElement, type DType, sizeOf } from "../tensor/index.ts";

const arrayOf = {
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
} as const;

function viewOf(memory: WebAssembly.Memory, dtype: DType, address: number, length: number) {
  if (dtype === "float64") throw new Error("no kernel computes in float64");
  return new arrayOf[dtype](memory.buffer, address, length);
}

/** All builds of the kernels. */
export const variants = Object.keys(modules) as readonly Variant[];

export interface RunOptions {
  readonly variant?: Variant;
  /** Runs each call's chunks from the last to the first: results must not change by a bit. */
  readonly reversed?: boolean;
  /** Lets results take the memory that a call offers. */
  readonly inPlace?: boolean;
}

/** What `runLowering` is given: a leaf's value, as numbers. */
export type LeafValues = ReadonlyMap<Node, ArrayLike<number>>;

/** Unwritten memory and the slack behind every buffer: a NaN whose bits tell whether they were written. */
const POISON = 0x7fc0dead;
const SLACK = 64;
/** Where scratch begins and ends, and what of it all threads have for tiles (RESERVED_BYTES of kernels/tile.ts). */
const SCRATCH = 1024;
const SCRATCH_END = 1 << 20;
const RESERVED = 4096;

const instances = new Map<Variant, { memory: WebAssembly.Memory; exports: WebAssembly.Exports }>();

function instanceOf(variant: Variant) {
  const known = instances.get(variant);
  if (known !== undefined) return known;
  tuneV8();
  const bytes = bytesOfModule(modules[variant], false);
  const memory = new WebAssembly.Memory({ initial: 128, maximum: 65536 });
  const table = new WebAssembly.Table({ initial: kernelNames.length + 1, element: "anyfunc" });
  const environment = { memory, table, now: () => 0, abort: () => {} };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: environment });
  const instance = { memory, exports };
  instances.set(variant, instance);
  return instance;
}

/**
 * Runs the kernel calls of one lowering on the calling thread, each buffer in memory of its own between poisoned
 * words, and returns the values of `results`.
 *
 * @throws Error when a kernel writes beyond the end of a buffer or of the scratch that was asked for
 */
export function runLowering(
  lower: (context: LoweringContext) => void,
  leaves: LeafValues,
  results: readonly Node[],
  options: RunOptions = {},
): (Float32Array | Int32Array | Uint32Array | Uint8Array)[] {
  const variant = options.variant ?? "plain";
  const { memory, exports } = instanceOf(variant);
  const { setThread } = exports;
  if (typeof setThread !== "function") throw new Error("the module has no setThread");
  new Uint32Array(memory.buffer).fill(POISON, SCRATCH / 4);
  // Writes the zeros that its scratch begins with.
  setThread(0, 1, 64, SCRATCH);
  let next = SCRATCH_END;
  const take = (bytes: number) => {
    const address = next;
    next += Math.ceil((bytes + SLACK) / 64) * 64;
    if (next > memory.buffer.byteLength) throw new Error("the values do not fit the memory of this test");
    return address;
  };
  const nodes = new Map<Node, Buffer>();
  const buffer = (node: Node): Buffer => {
    const bytes = sizeOf(node.shape) * bytesPerElement[node.dtype];
    const own = nodes.get(node) ?? { bytes, name: node.kind, home: "working" };
    nodes.set(node, own);
    return own;
  };
  const addresses = new Map<Buffer, number>();
  const addressOf = (of: Buffer): number => {
    const address = addresses.get(of) ?? take(of.bytes);
    addresses.set(of, address);
    return address;
  };
  for (const [node, values] of leaves) {
    viewOf(memory, node.dtype, addressOf(buffer(node)), values.length).set(values);
  }
  const calls: Call[] = [];
  lower({
    buffer,
    rowStride: () => null,
    temporary: (bytes, name) => ({ bytes, name, home: "working" }),
    table: (words) => {
      const own: Buffer = { bytes: 4 * words.length, name: "table", home: "resident" };
      viewOf(memory, "int32", addressOf(own), words.length).set(words);
      return own;
    },
    emit: (call) => {
      calls.push(call);
    },
    precision: "fast",
    winograd: "auto",
    preparesOnce: false,
    tile: modules[variant].tile,
    describe: () => {},
  });
  const scratchBytes = Math.max(0, ...calls.map((call) => call.scratchBytes ?? 0));
  for (const call of calls) {
    if (options.inPlace && call.inPlace !== undefined && !addresses.has(call.writes[0])) {
      addresses.set(call.writes[0], addressOf(call.inPlace));
    }
    const kernel = exports[call.kernel];
    if (typeof kernel !== "function") throw new Error(`the module has no kernel ${call.kernel}`);
    const block = writeArguments(memory, take(4 * argumentLayouts[call.kernel].length), call, addressOf);
    for (let index = 0; index < call.chunks; index++) {
      kernel(block, options.reversed ? call.chunks - 1 - index : index);
    }
  }
  for (const [of, address] of addresses) {
    const words = new Uint32Array(memory.buffer, address + 4 * Math.ceil(of.bytes / 4), SLACK / 4);
    if (words.some((word) => word !== POISON)) throw new Error(`written beyond the end of ${of.name}`);
  }
  const beyond = SCRATCH + RESERVED + 4 * Math.ceil(scratchBytes / 4);
  const rest = new Uint32Array(memory.buffer, beyond, (SCRATCH_END - beyond) / 4);
  if (rest.some((word) => word !== POISON))
    throw new Error("written beyond the end of the scratch asked for");
  return results.map((node) =>
    viewOf(memory, node.dtype, addressOf(buffer(node)), sizeOf(node.shape)).slice(),
  );
}

function writeArguments(
  memory: WebAssembly.Memory,
  address: number,
  call: Call,
  addressOf: (buffer: Buffer) => number,
): number {
  const view = new DataView(memory.buffer);
  const given: Readonly<Record<string, unknown>> = call.arguments;
  const declared = new Set([...call.reads, ...call.writes]);
  argumentLayouts[call.kernel].forEach(([field, type], index) => {
    const at = address + 4 * index;
    const value = given[field] as Call["arguments"][keyof Call["arguments"]] | undefined;
    if (value === undefined) throw new Error(`${call.kernel}: no argument ${field}`);
    if (typeof value === "number") {
      if (type === "f32") view.setFloat32(at, value, true);
      else view.setUint32(at, value, true);
    } else if (value === null) {
      view.setUint32(at, 0, true);
    } else {
      const { buffer, offset } = "buffer" in value ? value : { buffer: value, offset: 0 };
      if (!declared.has(buffer)) throw new Error(`${call.kernel}: ${field} is neither read nor written`);
      view.setUint32(at, addressOf(buffer) + offset, true);
    }
  });
  return address;
}
