import { describe, expect, it } from "vitest";
import { createTestTerminal } from "../../testing/test-terminal.ts";
import { EpochProgress } from "./epoch-progress.ts";
import {
  formatBytes,
  formatCount,
  formatFlops,
  formatMetric,
  formatPercent,
  formatSeconds,
  formatStepTime,
} from "./numbers.ts";
import { progressLine } from "./progress-bar.ts";
import { renderMarkdownTable, renderTable } from "./table.ts";

describe("numbers", () => {
  it("print as Keras prints them", () => {
    expect([0, 999, 3_600, 59_999, 83_000, 3_723_000].map(formatSeconds)).toEqual([
      "0s",
      "0s",
      "3s",
      "59s",
      "1:23",
      "1:02:03",
    ]);
    expect([0.43, 7.2, 1499].map(formatStepTime)).toEqual(["430us", "7ms", "1s"]);
    expect([0.9312, 0, 0.00031, 2.345678, 1e9].map(formatMetric)).toEqual([
      "0.9312",
      "0.0000",
      "3.1e-4",
      "2.3457",
      "1.0e+9",
    ]);
    expect(formatPercent(0.98934)).toBe("98.93 %");
    expect([61_706, 7].map(formatCount)).toEqual(["61,706", "7"]);
    expect([12, 841_728, 7.5 * 2 ** 30].map(formatBytes)).toEqual(["12 B", "822 KiB", "7.50 GiB"]);
    expect([0, 852_000, 2e13].map(formatFlops)).toEqual(["0 FLOP", "852 kFLOP", "20.0 TFLOP"]);
  });
});

const { errColors: colors } = createTestTerminal();
const metrics = { accuracy: 0.93121, loss: 0.2143 };

describe("the progress line", () => {
  it("shows what is done, and the time still to come", () => {
    const state = { step: 234, steps: 468, milliseconds: 1600, stepMilliseconds: 7, metrics };
    expect(progressLine(state, 100, colors)).toBe(
      `234/468 ${"━".repeat(20)} 1s 7ms/step - accuracy: 0.9312 - loss: 0.2143`,
    );
  });

  it("never wraps while it is drawn again", () => {
    const state = { step: 1, steps: 468, milliseconds: 7, stepMilliseconds: 7, metrics };
    for (const columns of [20, 30, 40, 60, 80, 120]) {
      expect([...progressLine(state, columns, colors)].length).toBeLessThan(columns);
    }
  });

  it("is whole at the end of an epoch", () => {
    const state = { step: 468, steps: 468, milliseconds: 3400, stepMilliseconds: 7, metrics };
    expect(progressLine(state, 20, colors)).toBe(
      `468/468 ━━━━━ 3s 7ms/step - accuracy: 0.9312 - loss: 0.2143`,
    );
  });

  it("waits for the first step", () => {
    const state = { step: 0, steps: 10, milliseconds: 0, stepMilliseconds: null, metrics: {} };
    expect(progressLine(state, 80, colors)).toBe(` 0/10 ${"━".repeat(20)} …`);
  });
});

describe("progress of epochs", () => {
  const begin = {
    type: "trainBegin",
    model: "m",
    examples: 256,
    epochs: 2,
    batchSize: 128,
    stepsPerEpoch: 2,
  } as const;
  const progress = {
    type: "progress",
    stepsPerEpoch: 2,
    losses: [0.5],
    engineBusy: 1,
    learningRate: 0.1,
    loss: 0.5,
    metrics: { accuracy: 0.75 },
  } as const;
  const end = {
    type: "epochEnd",
    step: 2,
    loss: 0.4,
    metrics: { accuracy: 0.8 },
    validation: { loss: 0.3, accuracy: 0.9 },
    learningRate: 0.001,
    milliseconds: 2000,
  } as const;
  const closing = "accuracy: 0.8000 - loss: 0.4000 - val_accuracy: 0.9000 - val_loss: 0.3000\n";

  it("is one line an epoch where lines cannot be drawn again", () => {
    const terminal = createTestTerminal();
    const reporter = new EpochProgress(terminal);
    reporter.onTrainBegin({ ...begin, epoch: 0, step: 0 });
    reporter.onEpochBegin({ epoch: 0 });
    reporter.onProgress({ ...progress, epoch: 0, step: 1, elapsedMilliseconds: 10 });
    reporter.onEpochEnd({ ...end, epoch: 0 });
    reporter.onTrainEnd();
    expect(terminal.errText()).toBe(`Epoch 1/2 - 2s 10ms/step - ${closing}`);
  });

  it("is a heading and a live line on a screen", () => {
    const terminal = createTestTerminal({ live: true });
    const reporter = new EpochProgress(terminal);
    reporter.onTrainBegin({ ...begin, epoch: 1, step: 1 });
    reporter.onProgress({ ...progress, epoch: 1, step: 1, elapsedMilliseconds: 10 });
    reporter.onProgress({ ...progress, epoch: 1, step: 2, elapsedMilliseconds: 20 });
    reporter.onEpochEnd({ ...end, epoch: 1 });
    const bar = "━".repeat(20);
    expect(terminal.errText()).toBe(
      `Epoch 2/2\n\r1/2 ${bar} 0s 10ms/step - accuracy: 0.7500 - loss: 0.5000\u001b[K` +
        `\r2/2 ${"━".repeat(6)} 2s 10ms/step - ${closing.replace("\n", "\u001b[K\n")}`,
    );
  });

  it("leaves a line that is being drawn before a message", () => {
    const terminal = createTestTerminal({ live: true });
    const reporter = new EpochProgress(terminal);
    reporter.closeLine();
    reporter.onProgress({ ...progress, epoch: 0, step: 1, elapsedMilliseconds: 10 });
    reporter.closeLine();
    reporter.closeLine();
    expect(terminal.errText().match(/\n/g)).toHaveLength(1);
  });
});

describe("tables", () => {
  const columns = [{ heading: "model" }, { heading: "loss", align: "right" }] as const;
  const rows = [
    ["dense", "0.1"],
    ["lenet5", "0.05"],
  ];

  it("have rules around their heading on a screen", () => {
    expect(
      renderTable(columns, rows)
        .split("\n")
        .map((line) => line.trim()),
    ).toEqual([
      "───────────────",
      "model    loss",
      "───────────────",
      "dense     0.1",
      "lenet5   0.05",
      "───────────────",
    ]);
  });

  it("are Markdown in files", () => {
    expect(renderMarkdownTable(columns, rows)).toBe(
      "| model | loss |\n| --- | ---: |\n| dense | 0.1 |\n| lenet5 | 0.05 |",
    );
  });
});
