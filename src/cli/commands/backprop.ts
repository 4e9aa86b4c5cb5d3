import type { Command } from "commander";
import type { BackpropOptions } from "../../inspect/index.ts";
import { choice, decimalNumber, numberList, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { verboseOption } from "./common-options.ts";

/** These names are repeated here so that `--help` need not load the graph. A test holds them to the list in `inspect`. */
export const nonLinearityNames = ["sigmoid", "tanh", "relu", "gelu"] as const;

export const costNames = ["squared", "half-squared", "cross-entropy"] as const;

/** Options of `fovea backprop`. */
export interface BackpropFlags extends BackpropOptions {
  readonly json?: boolean;
}

/** `fovea backprop`: backpropagation through a small net, number by number. */
export function registerBackprop(program: Command, terminal: Terminal): void {
  program
    .command("backprop")
    .summary("walk through backpropagation, number by number")
    .description(
      "Walks through the net y = (w3*+b3) o s o (w2*+b2) o s o (w1*+b1)(x): prints every value and every partial " +
        "derivative of the cost C, (y - t)^2 unless told, as formula and number, checks each against a central difference, and " +
        "takes steps of gradient descent. The graph and the gradient rules are those that training uses.",
    )
    .option("--depth <n>", "number of linear maps (default: 3)", wholeNumber("--depth"))
    .option("--width <n>", "units of each inner layer (default: 1)", wholeNumber("--width"))
    .option(
      "--non-linearity <name>",
      `s: ${nonLinearityNames.join(", ")} (default: sigmoid)`,
      choice("--non-linearity", nonLinearityNames),
    )
    .option(
      "--cost <name>",
      `C: ${costNames.join(", ")}, of the sigmoid of y (default: squared)`,
      choice("--cost", costNames),
    )
    .option(
      "--weights <list>",
      "all weights, layer by layer, unit by unit (default: drawn by --seed)",
      numberList("--weights"),
    )
    .option(
      "--biases <list>",
      "all biases, layer by layer (default: drawn by --seed)",
      numberList("--biases"),
    )
    .option("--input <list>", "x, a number for each input unit (default: 0.5)", numberList("--input"))
    .option("--target <list>", "t, a number for each output unit (default: 1)", numberList("--target"))
    .option(
      "--learning-rate <rate>",
      "length of a step (default: 0.1)",
      decimalNumber("--learning-rate", { minimum: 0 }),
    )
    .option("--steps <n>", "steps of gradient descent (default: 10)", wholeNumber("--steps"))
    .option(
      "--seed <n>",
      "seed of the weights and biases that are not given (default: 1)",
      wholeNumber("--seed", { minimum: 0 }),
    )
    .option("--json", "print one JSON document instead")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (flags: BackpropFlags) => {
      const { backprop } = await import("../actions/backprop.ts");
      backprop(flags, terminal);
    });
}

const examples = `
Examples:
  fovea backprop
  fovea backprop --weights 2,2,2 --biases=-1,-1,1 --input 0.5 --target 1
  fovea backprop --depth 2 --width 3 --non-linearity tanh --input 0.2,-0.7
  fovea backprop --steps 100 --learning-rate 0.5 --json`;
