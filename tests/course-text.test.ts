import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  commandsOf,
  courseBlocks,
  differenceOf,
  proseNumbers,
  runningBlocks,
  shownNumbers,
  shownOf,
  shownOutput,
  withOutputs,
} from "./support/course.ts";
import { root } from "./support/sources.ts";

const guide = readFileSync(join(root, "docs/course.md"), "utf8");

test("every number in a sentence of docs/course.md is shown by a command", () => {
  const shown = shownNumbers(courseBlocks(guide));
  const unknown = proseNumbers(guide).filter(({ number }) => !shown.has(number));
  expect(unknown.map(({ number, line }) => `line ${line}: ${number}`)).toEqual([]);
  expect(proseNumbers(guide).length).toBeGreaterThan(10);
});

test("every output of docs/course.md has a command, and is not empty", () => {
  const blocks = courseBlocks(guide);
  expect(blocks[0]?.kind).toBe("sh");
  expect(runningBlocks(blocks, "all")).toHaveLength(blocks.filter(({ kind }) => kind !== "text").length);
  for (const block of blocks) {
    expect(block.code.trim(), `line ${block.line}`).not.toBe("");
    if (block.kind === "text") shownOf(block);
    if (block.kind === "sh") {
      for (const command of commandsOf(block)) expect(command).toMatch(/^(npx fovea|node) /);
    }
  }
});

test("of docs/seeing.md the commands run whose output is shown, and no output is shown in any other way", () => {
  const seeing = readFileSync(join(root, "docs/seeing.md"), "utf8");
  const blocks = courseBlocks(seeing);
  const running = runningBlocks(blocks, "shown");
  const shown = blocks.filter(({ kind }) => kind === "text");
  expect(shown.length).toBeGreaterThan(0);
  expect(running).toHaveLength(shown.length);
  for (const block of shown) shownOf(block);
  expect(running.length).toBeLessThan(blocks.filter(({ kind }) => kind === "sh").length);
  // A fence that opens without a word: every second line of those that are nothing but a fence closes one.
  const fences = [...seeing.matchAll(/^```(\w*)/gm)].map(([, word]) => word);
  expect(fences.filter((word, index) => index % 2 === 0 && word === "")).toEqual([]);
});

describe("how the guide is checked", () => {
  const text =
    "Say 12.5 %.\n\n```sh\nnpx fovea a --n 3   # three\nnpx fovea b \\\n  --m 2\n```\n\n```text from=2 about=1\nold\n```\n";
  const [first, second] = courseBlocks(text);

  test("blocks, commands and what stands behind them", () => {
    expect(first?.line).toBe(4);
    expect(first && commandsOf(first)).toEqual(["npx fovea a --n 3", "npx fovea b    --m 2"]);
    expect(second && shownOf(second)).toEqual({ from: 2, to: null, about: 1 });
    expect(() => shownOf({ kind: "text", info: "form=2", code: "", line: 1 })).toThrow(
      '"form=2" is not known',
    );
    expect(withOutputs(text, ["new 1\nnew 2\n"])).toBe(text.replace("old\n", "new 1\nnew 2\n"));
  });

  test("lines are chosen, and times hidden", () => {
    const output = "a 1  \nb 12 ms of 3.5 s, 5ms/step\nc 3\n\n";
    expect(shownOutput(output, { from: null, to: null, about: null })).toBe("a 1\nb … of …, …\nc 3\n");
    expect(shownOutput(output, { from: 2, to: 2, about: null })).toBe("b … of …, …\n");
    expect(shownOutput(output, { from: -2, to: -2, about: null })).toBe("b … of …, …\n");
    expect(shownOutput("w2·s o 3s'(z)\n", { from: null, to: null, about: null })).toBe("w2·s o 3s'(z)\n");
  });

  test("numbers are the same, or about the same where the block says so", () => {
    const shown = "accuracy 97.25 %, loss 0.0848 on 10,000\n";
    expect(differenceOf(shown, shown, null)).toBeNull();
    expect(differenceOf(shown, shown.replace("0848", "0849"), null)).toContain(
      "line 1\n  shown: accuracy 97.25 %",
    );
    expect(differenceOf(shown, "accuracy 96.3 %, loss 0.0900 on 10,000\n", 1)).toBeNull();
    expect(differenceOf(shown, "accuracy 96.2 %, loss 0.0848 on 10,000\n", 1)).toContain(
      "97.25 is shown, 96.2 came",
    );
    expect(differenceOf(shown, "accuracy 97.25 %, loss 0.0950 on 10,000\n", 1)).toContain("0.0848 is shown");
    expect(differenceOf(shown, "accuracy 97.25 %, loss 0.0848 on 10,001\n", 1)).toContain("10,000 is shown");
    expect(differenceOf(shown, "accuracy 97.25 %, cost 0.0848 on 10,000\n", 1)).toContain("came:  accuracy");
    expect(differenceOf("x -0.5\n", "x 0.5\n", 1)).toContain("-0.5 is shown, 0.5 came");
    expect(differenceOf("a  97.25 % b\n", "a 100.00 % b\n", 3)).toBeNull();
  });

  test("numbers of sentences: not of code, formulas, years and addresses", () => {
    const prose =
      "Of 60,000 (LeCun 1998), -3 and 2.25, see [5](x6.md); `7` and w1.\n\n    z = 8 x\n\n```sh\nnpx fovea 9\n```\n";
    expect(proseNumbers(prose).map(({ number }) => number)).toEqual(["60,000", "-3", "2.25", "5"]);
    expect([...shownNumbers(courseBlocks(prose))]).toEqual(["9"]);
  });
});
