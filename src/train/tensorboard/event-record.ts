/**
 * Records of TensorBoard's event files: messages of Protocol Buffers (tensorboard/compat/proto/event.proto, summary.proto)
 * framed as TFRecord. Only what a training run tells is here: the file's version, where a run goes on, and scalars.
 */
import { maskedCrc32c } from "./crc32c.ts";

/** One event. */
export type RunEvent =
  /** The first of each file. */
  | { readonly kind: "version"; readonly time: number }
  /** A run goes on: what earlier files have of this step and later ones is void. */
  | { readonly kind: "start"; readonly time: number; readonly step: number }
  | {
      readonly kind: "scalars";
      readonly time: number;
      readonly step: number;
      /** Values by tag: `{ "epoch/loss": 0.12 }`. */
      readonly values: Readonly<Record<string, number>>;
    };

/** Numbers of the fields; as the schema has them. */
const eventFields = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const summaryFields = { value: 1 } as const;
const valueFields = { tag: 1, simpleValue: 2 } as const;
const sessionFields = { status: 1 } as const;
/** `SessionLog.SessionStatus.START`. */
const sessionStart = 1;
/** With this version, readers heed where a run goes on. */
const fileVersion = "brain.Event:2";

/** How a field's value is written: Protocol Buffers' wire types. */
const wire = { varint: 0, fixed64: 1, length: 2, fixed32: 5 } as const;

/** The bytes of a record with an event. @param event - its time in seconds since 1970 */
export function encodeEvent(event: RunEvent): Uint8Array<ArrayBuffer> {
  return frame(joined(messageOf(event)));
}

function messageOf(event: RunEvent): Uint8Array[] {
  const time = doubleField(eventFields.wallTime, event.time);
  switch (event.kind) {
    case "version":
      return [time, bytesField(eventFields.fileVersion, new TextEncoder().encode(fileVersion))];
    case "start": {
      const session = varintField(sessionFields.status, sessionStart);
      return [time, varintField(eventFields.step, event.step), bytesField(eventFields.sessionLog, session)];
    }
    case "scalars": {
      const values = Object.entries(event.values).map(([tag, value]) =>
        bytesField(
          summaryFields.value,
          joined([
            bytesField(valueFields.tag, new TextEncoder().encode(tag)),
            floatField(valueFields.simpleValue, value),
          ]),
        ),
      );
      const step = varintField(eventFields.step, event.step);
      return [time, step, bytesField(eventFields.summary, joined(values))];
    }
  }
}

/** TFRecord: length (64 bits), its masked checksum, the bytes, their masked checksum; all little endian. */
function frame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(16 + bytes.length);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedCrc32c(bytes), true);
  return record;
}

/** As in proto3: a field of value 0 is not written. */
function varintField(field: number, value: number): Uint8Array {
  return value === 0 ? new Uint8Array(0) : joined([key(field, wire.varint), varint(value)]);
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return joined([key(field, wire.length), varint(bytes.length), bytes]);
}

function doubleField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return joined([key(field, wire.fixed64), bytes]);
}

/** Written also when it is 0: it is one of several fields that a value may have, and says which. */
function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return joined([key(field, wire.fixed32), bytes]);
}

function key(field: number, type: number): Uint8Array {
  return varint((field << 3) | type);
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.of(...bytes, rest);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
