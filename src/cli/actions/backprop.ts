import { walkBackprop } from "../../inspect/index.ts";
import type { BackpropFlags } from "../commands/backprop.ts";
import { renderWalk } from "../terminal/backprop-report.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** Walks through the net that the flags describe, and prints the walk. */
export function backprop({ json = false, ...options }: BackpropFlags, terminal: Terminal): void {
  const walk = walkBackprop(options);
  if (json) printJson(terminal, walk);
  else terminal.out(renderWalk(walk, terminal.outColors));
}
