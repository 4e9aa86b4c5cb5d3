import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { crc32c, maskedCrc32c } from "./crc32c.ts";
import { encodeEvent, type RunEvent } from "./event-record.ts";

const text = (value: string) => new TextEncoder().encode(value);

test("crc32c of the standard's examples", () => {
  // RFC 3720, appendix B.4; and the check value of all catalogues of checksums.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
  expect(crc32c(text("123456789"))).toBe(0xe3069283);
  // (0xe3069283 >>> 15 | 0xe3069283 << 17) + 0xa282ead8, modulo 2^32.
  expect(maskedCrc32c(text("123456789"))).toBe(0xc78ab0e5);
});

test("records are, byte for byte, what TensorBoard's own writer makes (scripts/golden/event-files.py)", async () => {
  const events: RunEvent[] = [
    { kind: "version", time: 1700000000.5 },
    { kind: "start", time: 1700000000.75, step: 1 },
    { kind: "scalars", time: 1700000001, step: 0, values: { "loss/step": 2.5 } },
    {
      kind: "scalars",
      time: 1700000002.25,
      step: 469,
      values: { "loss/train": 0.25, "loss/validation": 0, "accuracy/train": 0.9375 },
    },
    { kind: "scalars", time: 1700000003.125, step: 5_000_000_000, values: { Größe: -1.5 } },
  ];
  const golden = await readFile(new URL("../golden/events.tfevents", import.meta.url));
  expect(Buffer.concat(events.map(encodeEvent)).toString("hex")).toBe(golden.toString("hex"));
});
