import { type Allocator, type Block, formatBytes } from "./memory.ts";
import type { Team } from "./team.ts";

/** A list of calls in memory, of which some words are addresses in the working memory. */
export interface MovableCalls {
  readonly address: number;
  readonly image: Uint8Array;
  /** Offsets of those words in the image. */
  readonly words: readonly number[];
}

/** What a session has in memory. It outlives the session by as long as it takes to give it back. */
export class Holdings {
  readonly blocks: Block[] = [];
  readonly calls: MovableCalls[] = [];
  /** Addresses of prepared weights by what they are made from: all programs of a session share them. */
  readonly prepared = new Map<string, number>();
  /** Of the session that this one is a lease of: what is prepared there need not be prepared again. */
  readonly #base: Holdings | null;

  constructor(base: Holdings | null = null) {
    this.#base = base;
  }

  /** Where prepared weights lie that there are already. */
  preparedAt(key: string): number | undefined {
    return this.prepared.get(key) ?? this.#base?.preparedAt(key);
  }
}

/** Memory for what lives within a step. Only one program runs at a time, so all programs of an engine share it. */
export class WorkingMemory {
  readonly #team: Team;
  readonly #holdings = new Set<Holdings>();
  #block: Block = { address: 0, bytes: 0 };

  constructor(team: Team) {
    this.#team = team;
  }

  get address(): number {
    return this.#block.address;
  }

  get bytes(): number {
    return this.#block.bytes;
  }

  /** Has the calls of a session move along with the memory. */
  follow(holdings: Holdings): void {
    this.#holdings.add(holdings);
  }

  /**
   * Makes sure that there are `bytes` bytes. What there was is given back first: the memory may move then, and all programs
   * are told. No run may be under way.
   *
   * @throws MemoryError when there is no room; all stays as it was then
   */
  async reserve(bytes: number): Promise<void> {
    if (bytes <= this.#block.bytes) return;
    const before = this.#block;
    const { allocator } = this.#team;
    if (before.bytes > 0) allocator.release(before.address, before.bytes);
    try {
      this.#block = { address: allocator.allocate(bytes, "the working memory of a step"), bytes };
    } catch (error) {
      this.#block = before.bytes > 0 ? reclaim(allocator, before) : before;
      throw error;
    } finally {
      await this.#move(this.#block.address - before.address);
    }
  }

  /** Gives all of a session's memory back, once. */
  release(holdings: Holdings): void {
    this.#holdings.delete(holdings);
    holdings.calls.length = 0;
    holdings.prepared.clear();
    for (const { address, bytes } of holdings.blocks.splice(0)) this.#team.allocator.release(address, bytes);
  }

  async #move(distance: number): Promise<void> {
    if (distance === 0) return;
    const moved = [...this.#holdings].flatMap(({ calls }) => calls);
    for (const { image, words } of moved) {
      const view = new DataView(image.buffer, image.byteOffset);
      for (const at of words) view.setUint32(at, view.getUint32(at, true) + distance, true);
    }
    await this.#team.access(
      moved.map(({ address, image }) => ({ address, bytes: image })),
      [],
    );
  }
}

/** Takes a block again that was given back a moment ago: it, or one as large, is there. */
function reclaim(allocator: Allocator, { bytes }: Block): Block {
  return { address: allocator.allocate(bytes, `the working memory of ${formatBytes(bytes)}`), bytes };
}
