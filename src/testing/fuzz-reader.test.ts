import { describe, expect, test } from "vitest";
import { FormatError } from "../tensor/errors.ts";
import { measureAllocation } from "./allocation.ts";
import { fuzzReader } from "./fuzz-reader.ts";

const files = { five: Uint8Array.of(1, 2, 3, 4, 5) };

describe("fuzzReader", () => {
  test("a reader that refuses what is broken passes, and has seen cuts and changes of every kind", async () => {
    const lengths = new Set<number>();
    const contents = new Set<string>();
    const read = (bytes: Uint8Array) => {
      lengths.add(bytes.length);
      contents.add(bytes.join());
      if (bytes.join() !== files.five.join()) throw new FormatError("another file");
    };
    await fuzzReader({ read, files });
    for (let length = 0; length < 6; length++) expect(lengths).toContain(length);
    expect(Math.max(...lengths)).toBeGreaterThan(1000);
    expect(contents.size).toBeGreaterThan(300);
  });

  test.each<[string, (bytes: Uint8Array) => unknown, RegExp]>([
    [
      "throws another error",
      (bytes) => {
        if (bytes.length === 3) throw new TypeError("not a function");
      },
      /^five cut to 3 of 5 bytes: TypeError: not a function/,
    ],
    [
      "refuses a valid file with another error",
      async () => {
        throw new RangeError("too deep");
      },
      /^five as it is: RangeError: too deep/,
    ],
    [
      "takes memory",
      ({ length }) => new Float64Array(length === 4 ? 4e6 : 0),
      /^five cut to 4 of 5 bytes: it allocated 32000000 bytes/,
    ],
    [
      "takes time",
      ({ length }) => {
        const start = process.cpuUsage();
        let sum = 0;
        while (length === 2 && process.cpuUsage(start).user < 1.2e6) for (let i = 0; i < 1e6; i++) sum += i;
        return sum;
      },
      /^five cut to 2 of 5 bytes: it took \d\.\d s/,
    ],
    [
      "says too much",
      ({ length }) => {
        if (length === 1) throw new FormatError("x".repeat(3000));
      },
      /^five cut to 1 of 5 bytes: the error's text has 3001 characters/,
    ],
  ])("one that %s does not", async (_, read, message) => {
    await expect(fuzzReader({ read, files, runs: 1 })).rejects.toThrow(message);
  });

  test("the breakage that a reader does not stand is in the error", async () => {
    const read = (bytes: Uint8Array) => {
      if (bytes[1] === 255) throw new TypeError("broken");
    };
    await expect(fuzzReader({ read, files, runs: 3000 })).rejects.toThrow(
      /Counterexample: \[\[\{.*"at":[01]/s,
    );
  });
});

test("measureAllocation counts what is made, and no views", async () => {
  const bytes = await measureAllocation(async () => {
    const floats = new Float32Array(10);
    new Uint8Array(floats.buffer);
    floats.subarray(1);
    Int32Array.from({ length: 5 }, () => 1);
    new ArrayBuffer(100);
    new Uint8Array([1, 2, 3]);
  });
  expect(bytes).toBe(40 + 20 + 100 + 3);
  expect(new Uint8Array(2)).toBeInstanceOf(Uint8Array);
});
