import type { Command } from "commander";
import type { Terminal } from "../terminal/terminal.ts";

export function registerPredict(_program: Command, _terminal: Terminal): void {}
