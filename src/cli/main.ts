#!/usr/bin/env node
import { runCommandLine } from "./program.ts";
import { processTerminal } from "./terminal/terminal.ts";

// Set rather than exited with: output that is still on its way must arrive.
process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal());
