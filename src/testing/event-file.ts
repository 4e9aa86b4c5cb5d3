import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { maskedCrc32c } from "../train/tensorboard/crc32c.ts";

/** A scalar as a reader of TensorBoard's finds it. */
export interface ScalarPoint {
  readonly step: number;
  readonly value: number;
}

/** The fields of a message by their numbers, with all values of each. */
function fieldsOf(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const skip = (length: number) => {
    at += length;
    return at - length;
  };
  while (at < bytes.length) {
    const key = varint();
    const read: Record<number, () => number | Uint8Array> = {
      0: varint,
      1: () => view.getFloat64(skip(8), true),
      2: () => {
        const length = varint();
        const begin = skip(length);
        return bytes.subarray(begin, begin + length);
      },
      5: () => view.getFloat32(skip(4), true),
    };
    const field = key >> 3;
    fields.set(field, [...(fields.get(field) ?? []), read[key & 7]()]);
  }
  return fields;
}

/** Messages of a file; every checksum is held. */
function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const content = bytes.subarray(at + 12, at + 12 + length);
    const sums = [view.getUint32(at + 8, true), view.getUint32(at + 12 + length, true)];
    const expected = [maskedCrc32c(bytes.subarray(at, at + 8)), maskedCrc32c(content)];
    if (sums.join() !== expected.join()) throw new Error(`a checksum is wrong in the record at byte ${at}`);
    records.push(content);
    at += 16 + length;
  }
  return records;
}

/** Names of the event files in a folder, in the order in which TensorBoard reads them. */
export function eventFilesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.includes("tfevents"))
    .sort();
}

/** The curves in a folder's event files, as TensorBoard comes to them: where a run goes on, what lies behind is dropped. */
export function curvesIn(folder: string): Record<string, ScalarPoint[]> {
  const curves: Record<string, ScalarPoint[]> = {};
  for (const name of eventFilesIn(folder)) {
    const [first, ...records] = recordsOf(new Uint8Array(readFileSync(join(folder, name)))).map(fieldsOf);
    const version = first.get(3)?.[0];
    if (!(version instanceof Uint8Array) || new TextDecoder().decode(version) !== "brain.Event:2")
      throw new Error(`${name} does not begin with its version`);
    for (const event of records) {
      const step = Number(event.get(2)?.[0] ?? 0);
      if (event.has(7)) {
        for (const tag of Object.keys(curves)) curves[tag] = curves[tag].filter((point) => point.step < step);
      }
      for (const summary of event.get(5) ?? []) {
        for (const value of fieldsOf(summary as Uint8Array).get(1) ?? []) {
          const fields = fieldsOf(value as Uint8Array);
          const tag = new TextDecoder().decode(fields.get(1)?.[0] as Uint8Array);
          curves[tag] = [...(curves[tag] ?? []), { step, value: fields.get(2)?.[0] as number }];
        }
      }
    }
  }
  return curves;
}
