import type { Command } from "commander";
import { pathName, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { verboseOption } from "./common-options.ts";

/** Options of `fovea studio`. */
export interface StudioFlags {
  readonly port?: number;
  readonly host?: string;
  readonly runs?: string;
  readonly data?: readonly string[];
  readonly open?: boolean;
  readonly verbose?: boolean;
}

/** `fovea studio`: the page in which networks are trained and looked into, and runs are followed. */
export function registerStudio(program: Command, terminal: Terminal): void {
  program
    .command("studio")
    .summary("train, look into and follow networks in the browser")
    .description(
      "Serves Studio on this machine and prints its address: a page that trains networks, shows what every layer sees, walks " +
        "through backpropagation, teaches a net on photos, and follows the runs that the command line trains. The page does the " +
        "computing itself; nothing leaves the machine. It listens on loopback unless --host says otherwise: it knows no users " +
        "and no encryption. Ctrl-C (SIGINT, SIGTERM) ends it.",
    )
    .option(
      "--port <n>",
      "the port to listen on; 0 for any that is free (default: 4242)",
      wholeNumber("--port", { minimum: 0, maximum: 65_535 }),
    )
    .option(
      "--host <address>",
      "the address to listen on; 0.0.0.0 for all of this machine's (default: 127.0.0.1)",
      pathName("--host"),
    )
    .option("--runs <folder>", "the folder that runs are in (default: runs)", pathName("--runs"))
    .option("--data <folder...>", "folders of IDX files to train on, besides MNIST and Fashion-MNIST")
    .option("--open", "open it in the browser")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (flags: StudioFlags) => {
      const { studio } = await import("../actions/studio.ts");
      await studio(flags, terminal);
    });
}

const examples = `
Examples:
  fovea studio --open
  fovea studio --runs experiments --port 5000
  fovea studio --data my-digits/`;
