import type { StepProfile } from "../../inspect/index.ts";
import { renderTable } from "./table.ts";

/**
 * The operations of a step as a table, in the order in which they run, and what they come to.
 *
 * @param peak - GFLOP/s of multiply-adds on all threads
 */
export function renderProfile(profile: StepProfile, peak: number): string {
  const { operations, milliseconds, batchSize, engine } = profile;
  const flops = operations.reduce((sum, operation) => sum + operation.flops, 0);
  const speedCells = (gigaflops: number) =>
    gigaflops === 0 ? ["", ""] : [gigaflops.toFixed(1), percent(gigaflops / peak)];
  const table = renderTable(
    [
      { heading: "layer" },
      { heading: "computes" },
      { heading: "algorithm" },
      { heading: "ms", align: "right" },
      { heading: "of all", align: "right" },
      { heading: "GFLOP/s", align: "right" },
      { heading: "of the peak", align: "right" },
    ],
    operations.map((operation) => [
      operation.scope,
      operation.computes.join(" + "),
      operation.algorithm,
      operation.milliseconds.toFixed(3),
      percent(operation.milliseconds / milliseconds),
      ...speedCells(operation.gigaflops),
    ]),
  );
  const speed = flops / (1e6 * milliseconds);
  const total =
    `A step of ${batchSize}: ${milliseconds.toFixed(2)} ms, ${speed.toFixed(1)} GFLOP/s, ${percent(speed / peak)} of the ` +
    `peak of ${peak.toFixed(1)} GFLOP/s; ${engine}.`;
  return [
    table,
    total,
    "Times are medians, with a barrier behind each operation. FLOPs are those of direct convolutions: Winograd saves some.",
  ].join("\n");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
