import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import type { HostMachine } from "./types.ts";

/** The first Node whose V8 joins pairs of 128-bit operations into 256-bit ones (on x64). */
const joiningNode = { major: 23, minor: 5 };

/** What is known of this machine and of what runs here. */
export function describeMachine(): HostMachine {
  const [first] = cpus();
  const [load = 0] = loadavg();
  return {
    runtime: `Node ${process.versions.node}`,
    compiler: `V8 ${process.versions.v8}`,
    platform: `${process.platform} ${process.arch}`,
    processor: first?.model.trim() || null,
    processors: availableParallelism(),
    memoryBytes: totalmem(),
    // Windows has no such average, and Node says 0 there.
    load: process.platform === "win32" ? null : load,
    remedies: remedies(),
  };
}

function remedies(): string[] {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const joins = major > joiningNode.major || (major === joiningNode.major && minor >= joiningNode.minor);
  const found: string[] = [];
  if (process.env["FOVEA_V8_FLAGS"] === "off") {
    found.push("FOVEA_V8_FLAGS is off: without it, V8 is told to use all that it has for WebAssembly.");
  }
  if (!joins && process.arch === "x64") {
    const { major: from, minor: point } = joiningNode;
    found.push(
      `Node ${from}.${point} or later (this is ${process.versions.node}): its V8 joins pairs of 128-bit operations into 256-bit ones, up to twice as fast.`,
    );
  }
  return found;
}
