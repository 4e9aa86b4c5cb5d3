import type { Engine } from "../engine.ts";
import { ReferenceSession } from "./session.ts";

/** The reference engine: its sessions also show the float64 state. */
export interface ReferenceEngine extends Engine {
  openSession(): Promise<ReferenceSession>;
}

/**
 * An engine that runs the float64 references of the ops, as plain as can be and on the caller's thread. It is what other
 * engines are held against, and it is slow. State stays in float64 from step to step, so that gradient checks are
 * exact; what crosses the `Engine` interface is rounded to each value's dtype.
 */
export function createReferenceEngine(): ReferenceEngine {
  return {
    name: "reference",
    threads: 1,
    openSession: async () => new ReferenceSession(),
    close: async () => {},
  };
}
