import { CommanderError } from "commander";
import { FoveaError, OptionError } from "../tensor/errors.ts";
import { printJson, type Terminal } from "./terminal/terminal.ts";

/** How a command ended: done, failed, or called in a wrong way. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What `--json` prints on standard output when a command fails. */
export interface FailureDocument {
  readonly error: {
    readonly name: string;
    readonly message: string;
    readonly where: string | null;
    readonly hint: string | null;
    readonly exitCode: ExitCode;
  };
}

/** How much a failure says. */
export interface FailureOptions {
  readonly json: boolean;
  readonly verbose: boolean;
}

/**
 * Says what went wrong, in one message on standard error, and as one JSON document on standard output with `--json`.
 * Stack traces come only with `--verbose`.
 */
export function reportFailure(error: unknown, terminal: Terminal, options: FailureOptions): ExitCode {
  const failure = describeFailure(error);
  const { red } = terminal.errColors;
  terminal.err(`${red("fovea:")} ${failure.message}\n`);
  if (options.verbose && error instanceof Error) terminal.err(`${describeStack(error)}\n`);
  if (options.json) {
    const { name, message, where, hint, exitCode } = failure;
    const document: FailureDocument = { error: { name, message, where, hint, exitCode } };
    printJson(terminal, document);
  }
  return failure.exitCode;
}

function describeFailure(error: unknown): FailureDocument["error"] {
  if (error instanceof FoveaError) {
    const { name, message, where = null, hint = null } = error;
    return {
      name,
      message,
      where,
      hint,
      exitCode: error instanceof OptionError ? exitCodes.usage : exitCodes.failed,
    };
  }
  if (error instanceof CommanderError) return describeUsage(error);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const hint =
    "This is a defect of Fovea: please report it with the command you gave and the output of --verbose.";
  return {
    name: "Unexpected",
    message: `unexpected error: ${endSentence(text)} ${hint}`,
    where: null,
    hint,
    exitCode: exitCodes.failed,
  };
}

/** Commander's messages: `error: unknown option '--epoch'\n(Did you mean --epochs?)`. */
function describeUsage(error: CommanderError): FailureDocument["error"] {
  const [what = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = rest.join(" ").replace(/^\((.*)\)$/, "$1 ");
  const hint = `${suggestion}See: fovea --help, fovea COMMAND --help.`;
  return {
    name: "UsageError",
    message: `${endSentence(what)} ${hint}`,
    where: null,
    hint,
    exitCode: exitCodes.usage,
  };
}

function describeStack(error: Error): string {
  const stack = error.stack ?? String(error);
  return error.cause instanceof Error ? `${stack}\nCaused by: ${describeStack(error.cause)}` : stack;
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
