import type { Buffer, Call } from "../lower/lowering.ts";
import { align } from "../memory.ts";

/** Where the working buffers of a program lie, from the start of its working memory. */
export interface Placement {
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly bytes: number;
}

/** Kernels may read this far beyond the end of a buffer (see `Buffer`). */
export const SLACK = 64;

/** A stretch of memory that one or several buffers, taking over in place, use from one call to another. */
interface Tenant {
  readonly buffers: Buffer[];
  bytes: number;
  first: number;
  last: number;
}

/**
 * Places working buffers so that those alive at the same time do not overlap: first results take over the memory of an
 * operand that dies with the call where the kernel allows it, then tenants are placed one by one, each at the lowest
 * offset that is free for its whole life: the largest first (Pisarchyk and Lee, "Efficient memory management for deep
 * neural net inference", 2020: greedy by size), or those first that take the most memory for the longest time, whichever
 * needs less in all.
 *
 * @param kept - working buffers that have memory of their own and are left out
 */
export function placeBuffers(calls: readonly Call[], kept: ReadonlySet<Buffer> = new Set()): Placement {
  const tenants = findTenants(calls, kept);
  const costOf = ({ bytes, first, last }: Tenant) => bytes * (last - first + 1);
  const orders = [
    (a: Tenant, b: Tenant) => b.bytes - a.bytes || a.first - b.first,
    (a: Tenant, b: Tenant) => costOf(b) - costOf(a) || a.first - b.first,
  ];
  const placements = orders.map((order) => placeTenants([...tenants].sort(order)));
  return placements.reduce((best, other) => (other.bytes < best.bytes ? other : best));
}

function placeTenants(tenants: readonly Tenant[]): Placement {
  // By offset.
  const placed: { readonly tenant: Tenant; readonly offset: number }[] = [];
  const offsets = new Map<Buffer, number>();
  let bytes = 0;
  for (const tenant of tenants) {
    let offset = 0;
    for (const { tenant: other, offset: taken } of placed) {
      if (other.first > tenant.last || tenant.first > other.last) continue;
      if (offset + tenant.bytes <= taken) break;
      offset = Math.max(offset, taken + other.bytes);
    }
    const index = placed.findIndex((other) => other.offset > offset);
    placed.splice(index < 0 ? placed.length : index, 0, { tenant, offset });
    for (const buffer of tenant.buffers) offsets.set(buffer, offset);
    bytes = Math.max(bytes, offset + tenant.bytes);
  }
  return { offsets, bytes };
}

function findTenants(calls: readonly Call[], kept: ReadonlySet<Buffer>): Tenant[] {
  const last = new Map<Buffer, number>();
  calls.forEach((call, index) => {
    for (const buffer of [...call.reads, ...call.writes]) last.set(buffer, index);
  });
  const tenants = new Map<Buffer, Tenant>();
  calls.forEach((call, index) => {
    for (const buffer of [...call.writes, ...call.reads]) {
      if (buffer.home !== "working" || kept.has(buffer) || tenants.has(buffer)) continue;
      const bytes = align(buffer.bytes + SLACK);
      const end = last.get(buffer) ?? index;
      const heir = call.inPlace === undefined ? undefined : tenants.get(call.inPlace);
      const takesOver =
        heir !== undefined && heir.last === index && heir.bytes >= bytes && call.writes[0] === buffer;
      if (takesOver) {
        heir.buffers.push(buffer);
        heir.last = end;
        tenants.set(buffer, heir);
      } else {
        tenants.set(buffer, { buffers: [buffer], bytes, first: index, last: end });
      }
    }
  });
  return [...new Set(tenants.values())];
}

/** Addresses of a buffer, end exclusive. */
interface Range {
  readonly begin: number;
  readonly end: number;
}

/**
 * For each call, whether all threads must have finished it before the next one starts: because a later call, before the
 * next barrier, touches memory that it or a call since the last barrier writes, or writes what they read.
 */
export function findBarriers(calls: readonly Call[], addressOf: (buffer: Buffer) => number): boolean[] {
  const range = (buffer: Buffer): Range => {
    const begin = addressOf(buffer);
    return { begin, end: begin + buffer.bytes };
  };
  const meet = (a: readonly Range[], b: readonly Range[]) =>
    a.some((x) => b.some((y) => x.begin < y.end && y.begin < x.end));
  const barriers = calls.map(() => false);
  let reads: Range[] = [];
  let writes: Range[] = [];
  calls.forEach((call, index) => {
    const callReads = call.reads.map(range);
    const callWrites = call.writes.map(range);
    if (meet(callReads, writes) || meet(callWrites, writes) || meet(callWrites, reads)) {
      barriers[index - 1] = true;
      reads = [];
      writes = [];
    }
    reads.push(...callReads);
    writes.push(...callWrites);
  });
  return barriers;
}
