// Runs a planned step: every thread walks the same records and takes its share of each one's chunks.
import { setScratch } from "./tile";

/** One kernel call of a program. */
@unmanaged
class Record {
  /** Index into the function table. */
  kernel: u32;
  /** The kernel is called once for each chunk; chunks are independent of each other. */
  chunks: u32;
  arguments: u32;
  /** Whether all threads must have finished before the next record starts. */
  barrier: u32;
}

/** What a program is made of; written by the planner, read by all threads. */
@unmanaged
class Program {
  records: u32;
  recordCount: u32;
  /** One counter of handed-out chunks for each record and thread, COUNTER_BYTES apart. */
  counters: u32;
}

/** State of the barrier that a team shares. */
@unmanaged
class Team {
  arrived: u32;
  generation: u32;
  sleeping: u32;
}

/** Counters of different threads must not share a cache line. */
const COUNTER_BYTES: usize = 64;
/** How often a waiting thread looks before it sleeps: tens of microseconds, longer than most kernels differ. */
const SPINS: u32 = 20000;

// @ts-ignore: decorator
@external("env", "now")
declare function now(): f64;

/** Slot of the ring of fed and fetched values that the running step uses. */
export let slot: u32 = 0;

let thread: u32 = 0;
let threads: u32 = 1;
let team: usize = 0;

/** Tells this instance which thread of how many it is. */
export function setThread(index: u32, count: u32, teamAddress: usize, scratchAddress: usize): void {
  thread = index;
  threads = count;
  team = teamAddress;
  setScratch(scratchAddress);
}

/** Waits until all threads have come here; the last one lets the others go. */
function barrier(): void {
  if (threads == 1) return;
  const state = changetype<Team>(team);
  const generation = atomic.load<u32>(team, offsetof<Team>("generation"));
  if (atomic.add<u32>(team, 1, offsetof<Team>("arrived")) == threads - 1) {
    state.arrived = 0;
    atomic.add<u32>(team, 1, offsetof<Team>("generation"));
    if (atomic.load<u32>(team, offsetof<Team>("sleeping")) > 0) {
      atomic.notify(team + offsetof<Team>("generation"), threads);
    }
    return;
  }
  for (let spin: u32 = 0; spin < SPINS; spin++) {
    if (atomic.load<u32>(team, offsetof<Team>("generation")) != generation) return;
  }
  atomic.add<u32>(team, 1, offsetof<Team>("sleeping"));
  while (atomic.load<u32>(team, offsetof<Team>("generation")) == generation) {
    atomic.wait<u32>(team + offsetof<Team>("generation"), generation, -1);
  }
  atomic.sub<u32>(team, 1, offsetof<Team>("sleeping"));
}

/**
 * Chunks are dealt out in equal, contiguous stretches, so that a thread finds in its cache what it wrote before; who is
 * done early takes from the others. Which thread computes a chunk never changes the chunk's result.
 */
function runChunks(record: Record, counters: usize): void {
  const chunks = record.chunks;
  if (chunks == 1 || threads == 1) {
    if (threads == 1 || atomic.add<u32>(counters, 1) == 0) {
      for (let chunk: u32 = 0; chunk < chunks; chunk++) call_indirect<void>(record.kernel, record.arguments, chunk);
    }
    return;
  }
  for (let turn: u32 = 0; turn < threads; turn++) {
    const owner = (thread + turn) % threads;
    const begin = (chunks * owner) / threads;
    const end = (chunks * (owner + 1)) / threads;
    const counter = counters + COUNTER_BYTES * owner;
    for (;;) {
      const chunk = begin + atomic.add<u32>(counter, 1);
      if (chunk >= end) break;
      call_indirect<void>(record.kernel, record.arguments, chunk);
    }
  }
}

/** Runs `steps` steps of a program; step s uses slot `firstSlot + s` of its rings. All threads call it alike. */
export function run(program: usize, steps: u32, firstSlot: u32): void {
  const plan = changetype<Program>(program);
  const stride = COUNTER_BYTES * threads;
  for (let step: u32 = 0; step < steps; step++) {
    slot = firstSlot + step;
    if (thread == 0) memory.fill(plan.counters, 0, stride * plan.recordCount);
    barrier();
    for (let index: u32 = 0; index < plan.recordCount; index++) {
      const record = changetype<Record>(plan.records + index * offsetof<Record>());
      runChunks(record, plan.counters + index * stride);
      if (record.barrier) barrier();
    }
    barrier();
  }
}

/** As `run` for one step, with a barrier after each record and its milliseconds written to `times` (f64 a record). */
export function profile(program: usize, firstSlot: u32, times: usize): void {
  const plan = changetype<Program>(program);
  const stride = COUNTER_BYTES * threads;
  slot = firstSlot;
  if (thread == 0) memory.fill(plan.counters, 0, stride * plan.recordCount);
  barrier();
  let begin = now();
  for (let index: u32 = 0; index < plan.recordCount; index++) {
    const record = changetype<Record>(plan.records + index * offsetof<Record>());
    runChunks(record, plan.counters + index * stride);
    barrier();
    const end = now();
    if (thread == 0) store<f64>(times + 8 * index, end - begin);
    // Another thread must not be at work on the next record before this one has looked at the clock.
    begin = now();
    barrier();
  }
  // As in `run`: the program may be gone as soon as thread 0 says that it is done, and the loop above looks at it.
  barrier();
}
