import { describe, expect, it } from "vitest";
import { MemoryError } from "../../tensor/index.ts";
import { Allocator, align, formatBytes } from "./memory.ts";

describe("Allocator", () => {
  it("deals out aligned stretches one behind the other and grows the memory for them", () => {
    const grown: number[] = [];
    const allocator = new Allocator(100, (bytes) => grown.push(bytes));
    expect(allocator.allocate(10, "a")).toBe(128);
    expect(allocator.allocate(65, "b")).toBe(192);
    expect(allocator.allocate(1, "c")).toBe(320);
    expect(grown).toEqual([192, 320, 384]);
  });

  it("fills gaps first, and joins neighbours that were given back", () => {
    const allocator = new Allocator(0, () => {});
    const [a, b, c] = [64, 128, 64].map((bytes) => allocator.allocate(bytes, "block"));
    allocator.allocate(64, "last");
    allocator.release(a, 64);
    expect(allocator.allocate(128, "too large for the gap")).toBe(320);
    allocator.release(c, 64);
    allocator.release(b, 128);
    expect(allocator.allocate(256, "the three joined")).toBe(0);
  });

  it("takes the end of the memory back", () => {
    const allocator = new Allocator(0, () => {});
    const address = allocator.allocate(640, "block");
    allocator.release(address, 640);
    expect(allocator.allocate(64, "block")).toBe(address);
  });

  it("takes several stretches or none", () => {
    const allocator = new Allocator(0, () => {}, 1000);
    const requests = [320, 64, 640].map((bytes) => ({ bytes, what: `${bytes} bytes` }));
    const addresses = (count: number) =>
      allocator.allocateAll(requests.slice(0, count)).map(({ address }) => address);
    expect(() => addresses(3)).toThrow("640 bytes needs 640 bytes, and 384 bytes of 1.0 kB are in use");
    expect(allocator.freeBytes).toBe(1000);
    expect(addresses(2)).toEqual([0, 320]);
  });

  it("says what does not fit, how much is in use, and what to do", () => {
    const allocator = new Allocator(0, () => {}, 1000);
    allocator.allocate(640, "first");
    expect(() => allocator.allocate(2_000_000, 'the variable "w"')).toThrow(
      new MemoryError('the variable "w" needs 2.0 MB, and 640 bytes of 1.0 kB are in use', {
        where: "memory",
        hint: "Use a smaller batch, a smaller model or fewer examples.",
      }),
    );
  });
});

describe("sizes", () => {
  it("aligns to cache lines and prints bytes", () => {
    expect([0, 1, 64, 65].map(align)).toEqual([0, 64, 64, 128]);
    expect([12, 1234, 47_040_000, 3.2e9].map(formatBytes)).toEqual([
      "12 bytes",
      "1.2 kB",
      "47.0 MB",
      "3.2 GB",
    ]);
  });
});
