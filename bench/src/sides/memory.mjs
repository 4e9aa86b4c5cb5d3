import { readFileSync, writeFileSync } from "node:fs";

/**
 * Bytes of this process that are in memory, and the most that were since the last `resetPeak`; `null` where Linux's
 * /proc is missing.
 */
export function readResident() {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return { now: bytesOf(status, "VmRSS"), peak: bytesOf(status, "VmHWM") };
  } catch {
    return null;
  }
}

/** @param {string} status @param {string} field */
function bytesOf(status, field) {
  return 1024 * Number(new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)?.[1]);
}

/** Frees what nobody holds (needs --expose-gc), and lets the peak begin at what is resident now. */
export function resetPeak() {
  globalThis.gc?.();
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Not Linux: `readResident` says so.
  }
}
