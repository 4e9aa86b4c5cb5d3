import type { Command } from "commander";
import type { Terminal } from "../terminal/terminal.ts";
import { threadsOption, verboseOption } from "./common-options.ts";

/** Options of `fovea doctor`. */
export interface DoctorFlags {
  readonly threads?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea doctor`: how fast this machine is for Fovea, and what would make it faster. */
export function registerDoctor(program: Command, terminal: Terminal): void {
  program
    .command("doctor")
    .summary("what this machine offers, and what would make it faster")
    .description(
      "Looks at this machine as the engine does: processor, Node, WebAssembly's features, the builds of the kernels with " +
        "their speed beside the peak of multiply-adds in registers, reading of memory; and says what would make it " +
        "faster. It takes some seconds and uses all threads: run it on an idle machine.",
    )
    .option(...threadsOption)
    .option("--json", "print one JSON document")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (flags: DoctorFlags) => {
      const { doctor } = await import("../actions/doctor.ts");
      await doctor(flags, terminal);
    });
}

const examples = `
Examples:
  fovea doctor
  FOVEA_V8_FLAGS=off fovea doctor                        as it is when V8 is left alone
  fovea doctor --json`;
