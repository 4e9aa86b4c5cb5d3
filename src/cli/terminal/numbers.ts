/** A count with thousands separated: `61,706`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** All numbers of a model, and those that training changes: `11,699,112 parameters (11,689,512 trained)`. */
export function formatParameters(counts: {
  readonly parameters: number;
  readonly trainableParameters: number;
}): string {
  return `${formatCount(counts.parameters)} parameters (${formatCount(counts.trainableParameters)} trained)`;
}

/** A metric with four decimals, as Keras prints them: `0.9312`; tiny ones in powers of ten: `3.1e-6`. */
export function formatMetric(value: number): string {
  const tiny = value !== 0 && Math.abs(value) < 0.0005;
  return tiny || Math.abs(value) >= 1e6 ? value.toExponential(1) : value.toFixed(4);
}

/** A share as percent with two decimals: `98.93 %`. */
export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

/** A time as Keras prints it: `7s`, `1:23`, `1:02:03`. */
export function formatSeconds(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** The time of one step: `7ms`, `430us`, `2s`. */
export function formatStepTime(milliseconds: number): string {
  if (milliseconds >= 1000) return `${Math.round(milliseconds / 1000)}s`;
  if (milliseconds >= 1) return `${Math.round(milliseconds)}ms`;
  return `${Math.round(milliseconds * 1000)}us`;
}

/** Bytes in binary units: `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
}

/** Floating-point operations: `1.13 MFLOP`. */
export function formatFlops(flops: number): string {
  return scaled(flops, 1000, ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"]);
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let unit = 0;
  let rest = value;
  while (rest >= base && unit < units.length - 1) {
    rest /= base;
    unit++;
  }
  return `${unit === 0 ? rest : rest.toPrecision(3)} ${units[unit]}`;
}
