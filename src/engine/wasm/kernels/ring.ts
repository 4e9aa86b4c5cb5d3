// Fed and fetched values of steps that run without JavaScript in between.
//
//   copyIn    target = ring[slot]: a step's own fed value, from the ring that JavaScript has filled
//   copyOut   ring[slot] = source: a step's result, into the ring that JavaScript will read
//
// A ring is a row of equal slots, `slotBytes` apart; `slot` is the one of the running step. There is one chunk.
import { slot } from "./program";

@unmanaged
export class CopyInArguments {
  ring: u32;
  slotBytes: u32;
  target: u32;
  bytes: u32;
}

@unmanaged
export class CopyOutArguments {
  source: u32;
  ring: u32;
  slotBytes: u32;
  bytes: u32;
}

export function copyIn(x: CopyInArguments, chunk: u32): void {
  memory.copy(x.target, x.ring + slot * x.slotBytes, x.bytes);
}

export function copyOut(x: CopyOutArguments, chunk: u32): void {
  memory.copy(x.ring + slot * x.slotBytes, x.source, x.bytes);
}
