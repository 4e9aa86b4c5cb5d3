import { readFile } from "node:fs/promises";
import { CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { FormatError, OptionError } from "../tensor/index.ts";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { reportFailure } from "./failure.ts";
import { runCommandLine } from "./program.ts";

async function run(...words: string[]) {
  const terminal = createTestTerminal();
  const code = await runCommandLine(words, terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

describe("fovea", () => {
  it("prints its version and its help, and ends with 0", async () => {
    const manifest = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await run("--version")).toEqual({ code: 0, out: `${manifest.version}\n`, err: "" });
    const help = await run("--help");
    expect(help).toMatchObject({ code: 0, err: "" });
    for (const command of [
      "train",
      "augment",
      "evaluate",
      "predict",
      "watch",
      "summary",
      "convert",
      "backprop",
      "tour",
      "doctor",
    ]) {
      expect(help.out).toContain(`\n  ${command} `);
      const own = await run(command, "--help");
      expect(own).toMatchObject({ code: 0, err: "" });
      expect(own.out).toContain(`Usage: fovea ${command}`);
    }
  });

  it("prints its help when it is called with nothing, and ends with 2", async () => {
    const { code, out, err } = await run();
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("Usage: fovea");
  });

  it.each<[string[], string]>([
    [
      ["trian"],
      "fovea: unknown command 'trian'. Did you mean train? See: fovea --help, fovea COMMAND --help.\n",
    ],
    [["train", "--epoch", "3"], "fovea: unknown option '--epoch'. Did you mean --epochs? See: fovea --help"],
    [["train", "--epochs"], "fovea: option '--epochs <n>' argument missing. See: "],
    [
      ["train", "--epochs", "many"],
      'fovea: --epochs: a whole number of at least 1 was expected, got "many".\n',
    ],
    [["train", "extra"], "fovea: too many arguments for 'train'. Expected 0 arguments but got 1. See: "],
    [["predict", "model"], "fovea: missing required argument 'input'. See: "],
    [["backprop", "--depth", "0"], "fovea: backprop depth: a whole number from 1 to 20 was expected, got 0."],
    [
      ["train", "--resume", "runs/a", "--out", "runs/b"],
      "fovea: --out: cannot be used together with --resume.",
    ],
    [
      ["train", "--resume", "runs/a", "--recipe", "fast"],
      "fovea: --recipe: cannot be used together with --resume. A resumed run keeps its configuration.",
    ],
    [
      ["train", "--recipe", "fats"],
      'fovea: --recipe: unknown name "fats". Did you mean "fast"? Known: fast.',
    ],
  ])("%j is wrong usage", async (words, message) => {
    const { code, out, err } = await run(...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.startsWith(message), err).toBe(true);
  });

  it("prints one JSON document when it fails, too", async () => {
    const { code, out, err } = await run("train", "--optimizer", "adan", "--json");
    expect(code).toBe(2);
    expect(JSON.parse(out)).toEqual({
      error: {
        name: "OptionError",
        message: err.replace("fovea: ", "").trimEnd(),
        where: "--optimizer",
        hint: 'Did you mean "adam"? Known: sgd, momentum, nesterov, adam, adamw, rmsprop.',
        exitCode: 2,
      },
    });
  });
});

describe("a failure", () => {
  const report = (error: unknown, options: { json?: boolean; verbose?: boolean } = {}) => {
    const terminal = createTestTerminal();
    const code = reportFailure(error, terminal, { json: false, verbose: false, ...options });
    return { code, out: terminal.outText(), err: terminal.errText() };
  };
  const damaged = new FormatError("not a model", {
    where: "a.safetensors",
    hint: "Use another copy.",
    cause: new Error("short"),
  });

  it("is one message, without a stack", () => {
    expect(report(damaged)).toEqual({
      code: 1,
      out: "",
      err: "fovea: a.safetensors: not a model. Use another copy.\n",
    });
    expect(report(new OptionError("no such name"))).toMatchObject({ code: 2, err: "fovea: no such name.\n" });
  });

  it("has a stack, and that of its cause, with --verbose", () => {
    const { err } = report(damaged, { verbose: true });
    expect(err).toContain("FormatError: a.safetensors: not a model. Use another copy.\n    at ");
    expect(err).toContain("Caused by: Error: short\n    at ");
  });

  it("that nobody foresaw asks to be reported", () => {
    const { code, err } = report(new TypeError("x is undefined"));
    expect(code).toBe(1);
    expect(err).toBe(
      "fovea: unexpected error: TypeError: x is undefined. This is a defect of Fovea: please report it with the command " +
        "you gave and the output of --verbose.\n",
    );
    expect(report("text").err).toContain("unexpected error: text. This is a defect");
  });

  it("of usage keeps commander's suggestion", () => {
    const error = new CommanderError(
      1,
      "commander.unknownOption",
      "error: unknown option '--x'\n(Did you mean --y?)",
    );
    expect(report(error)).toMatchObject({
      code: 2,
      err: "fovea: unknown option '--x'. Did you mean --y? See: fovea --help, fovea COMMAND --help.\n",
    });
  });
});

describe("fovea backprop", () => {
  it("prints every line, the check and the steps", async () => {
    const { code, out, err } = await run(
      "backprop",
      "--weights",
      "2,2,2",
      "--biases=-1,-1,1",
      "--steps",
      "2",
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("y = (w3*+b3) o s o (w2*+b2) o s o (w1*+b1)(x),  s(z) = 1 / (1 + e^-z)");
    const lines = out.replaceAll(/ +/g, " ");
    expect(lines).toContain("\n z3 = y = w3·a2 + b3 = 2·0.5 + 1 = 2\n");
    expect(lines).toMatch(/\n δ2 = dC\/dz2 = \[dC\/da2\]·s'\(z2\) = \[4\]·0\.25 = 1 \| 1 \de-\d+ ✓\n/);
    expect(out).toContain("  dC/dw1 = [2·(y - t)·w3·s'(z2)·w2·s'(z1)]·x\n");
    expect(out).toContain("✓ all 11 derivatives agree with their central differences");
    expect(lines).toContain(`\n step 0 C = 1 ${"█".repeat(40)} y = 2\n`);
  });

  it("prints sums for widths above one, and no products in full", async () => {
    const { out } = await run("backprop", "--width", "2", "--depth", "2", "--input", "1,2");
    expect(out).toContain("z1[2]  = Σj w1[2,j]·x[j] + b1[2]");
    expect(out).not.toContain("in full");
  });

  it("says when the cost rises, and shows few of many steps", async () => {
    const { out } = await run("backprop", "--depth", "1", "--learning-rate", "5", "--steps", "100");
    expect(out).toContain("The cost rose: the steps are too long here. Try a smaller --learning-rate.");
    expect(out.match(/ {2}step /g)).toHaveLength(12);
  });

  it("says where a derivative does not exist", async () => {
    const { out } = await run(
      "backprop",
      "--non-linearity",
      "relu",
      "--weights",
      "1,1,1",
      "--biases",
      "0,0,0",
      "--input",
      "0",
    );
    expect(out).toMatch(/✗ \d of 11 derivatives differ from their central differences: .*\n {2}At a kink/);
  });

  it("gives the data with --json", async () => {
    const { out } = await run("backprop", "--json", "--steps", "3");
    const walk = JSON.parse(out);
    expect(walk.steps).toHaveLength(4);
    expect(walk.backward[0].partials[0]).toMatchObject({ name: "δ3", label: "δ3 = dC/dy", agrees: true });
  });
});
