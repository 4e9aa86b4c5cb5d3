import { MemoryError } from "../../tensor/index.ts";

/** Bytes of a WebAssembly page. */
export const PAGE_BYTES = 65536;
/** What a 32-bit memory can hold at most: 4 GiB less a page, so that no address overflows. */
export const MAXIMUM_BYTES = 65535 * PAGE_BYTES;

const ALIGNMENT = 64;

/** The next multiple of 64 bytes, a cache line. */
export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Bytes as people read them: `12.3 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}

/** A stretch of linear memory that was dealt out. */
export interface Block {
  readonly address: number;
  readonly bytes: number;
}

/** Deals out linear memory: first fit among what was given back, else at the end, growing the memory. */
export class Allocator {
  readonly #free: Block[] = [];
  readonly #grow: (bytes: number) => void;
  readonly #limit: number;
  #end: number;

  /**
   * @param start - first address to deal out
   * @param grow - called with the bytes that the memory must have from now on; throws when it cannot
   * @param limit - bytes that the memory can have at most
   */
  constructor(start: number, grow: (bytes: number) => void, limit = MAXIMUM_BYTES) {
    this.#end = align(start);
    this.#grow = grow;
    this.#limit = limit;
  }

  /**
   * @returns the address of `bytes` bytes, aligned to 64
   * @throws MemoryError when the memory cannot hold them; `what` names them in the message
   */
  allocate(bytes: number, what: string): number {
    const size = align(Math.max(bytes, 1));
    const index = this.#free.findIndex((block) => block.bytes >= size);
    if (index >= 0) {
      const [block] = this.#free.splice(index, 1);
      if (block.bytes > size) this.release(block.address + size, block.bytes - size);
      return block.address;
    }
    const address = this.#end;
    if (address + size > this.#limit) {
      throw new MemoryError(
        `${what} needs ${formatBytes(bytes)}, and ${formatBytes(address)} of ${formatBytes(this.#limit)} are in use`,
        { where: "memory", hint: "Use a smaller batch, a smaller model or fewer examples." },
      );
    }
    this.#grow(address + size);
    this.#end = address + size;
    return address;
  }

  /** Several stretches, or none: what was taken before one that does not fit is given back. */
  allocateAll(requests: readonly { readonly bytes: number; readonly what: string }[]): Block[] {
    const blocks: Block[] = [];
    try {
      for (const { bytes, what } of requests) blocks.push({ address: this.allocate(bytes, what), bytes });
    } catch (error) {
      for (const { address, bytes } of blocks) this.release(address, bytes);
      throw error;
    }
    return blocks;
  }

  /** Bytes that can still be dealt out in one piece. */
  get freeBytes(): number {
    return this.#limit - this.#end;
  }

  /** Takes back what `allocate` gave, and joins it with its free neighbours. */
  release(address: number, bytes: number): void {
    let block: Block = { address, bytes: align(Math.max(bytes, 1)) };
    for (let index = this.#free.length - 1; index >= 0; index--) {
      const other = this.#free[index];
      if (other.address + other.bytes === block.address) {
        block = { address: other.address, bytes: other.bytes + block.bytes };
        this.#free.splice(index, 1);
      } else if (block.address + block.bytes === other.address) {
        block = { address: block.address, bytes: block.bytes + other.bytes };
        this.#free.splice(index, 1);
      }
    }
    if (block.address + block.bytes === this.#end) this.#end = block.address;
    else this.#free.push(block);
  }
}
