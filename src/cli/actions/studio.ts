import { spawn } from "node:child_process";
import { isLoopback } from "../../server/index.ts";
import { serveStudio } from "../../server/studio/serve-studio.ts";
import { OptionError } from "../../tensor/errors.ts";
import { isRunFolder } from "../../train/run-folder.ts";
import type { StudioFlags } from "../commands/studio.ts";
import { listenForInterruption, untilInterrupted } from "../interruption.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { libraryVersion } from "../version.ts";

/** Serves Studio until a signal comes. */
export async function studio(flags: StudioFlags, terminal: Terminal): Promise<void> {
  const { port, host, runs, data = [], open = false, verbose = false } = flags;
  if (runs !== undefined && (await isRunFolder(runs))) {
    throw new OptionError("this is a run itself; the folder that runs are in was expected", {
      where: "--runs",
      hint: "Give the folder above it.",
    });
  }
  const running = await serveStudio({
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
    ...(runs === undefined ? {} : { runs }),
    data,
    version: libraryVersion(),
    onError: (error) => {
      const stack = verbose && error instanceof Error ? error.stack : undefined;
      terminal.err(`${stack ?? String(error)}\n`);
    },
  });
  terminal.out(`Studio is at ${running.address}\n`);
  if (host !== undefined && !isLoopback(host)) {
    terminal.err("Whoever reaches this address may use it: there are no users and no encryption.\n");
  }
  if (open) openInBrowser(running.address, terminal);
  using interruption = listenForInterruption(() => terminal.err("Closing; once more ends at once.\n"));
  await untilInterrupted(interruption);
  await running.close();
}

/** The system's way to open an address. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

function openInBrowser(address: string, terminal: Terminal): void {
  const [command = "", ...words] = openers[process.platform] ?? ["xdg-open"];
  const child = spawn(command, [...words, address], { stdio: "ignore", detached: true });
  child.once("error", () => terminal.err(`No browser could be started; open ${address} yourself.\n`));
  child.unref();
}
