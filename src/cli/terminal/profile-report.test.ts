import { expect, it } from "vitest";
import { renderProfile } from "./profile-report.ts";

it("the report of a profile has a line an operation, with its speed beside the peak, and a total", () => {
  const operation = { kernels: ["a"], algorithm: "plain", computes: ["conv2d", "relu"] };
  const text = renderProfile(
    {
      batchSize: 8,
      engine: "an engine",
      threads: 2,
      milliseconds: 4,
      operations: [
        { ...operation, scope: "conv1", flops: 150e6, milliseconds: 3, gigaflops: 50 },
        { ...operation, scope: "copy", computes: ["input"], flops: 0, milliseconds: 1, gigaflops: 0 },
      ],
    },
    100,
  );
  const lines = text.split("\n").map((line) => line.replaceAll(/[\s─]+/g, " ").trim());
  expect(lines.filter((line) => line !== "")).toEqual([
    "layer computes algorithm ms of all GFLOP/s of the peak",
    "conv1 conv2d + relu plain 3.000 75 % 50.0 50 %",
    "copy input plain 1.000 25 %",
    "A step of 8: 4.00 ms, 37.5 GFLOP/s, 38 % of the peak of 100.0 GFLOP/s; an engine.",
    "Times are medians, with a barrier behind each operation. FLOPs are those of direct convolutions: Winograd saves some.",
  ]);
});
