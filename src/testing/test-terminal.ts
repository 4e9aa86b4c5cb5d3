import pc from "picocolors";
import type { Terminal } from "../cli/terminal/terminal.ts";

/** A terminal that remembers what was written to it, for tests. */
export interface TestTerminal extends Terminal {
  readonly outText: () => string;
  readonly errText: () => string;
}

/** @param options - `live`: whether standard error is a screen; `colored`: whether both streams show colours */
export function createTestTerminal(
  options: { readonly live?: boolean; readonly colored?: boolean } = {},
): TestTerminal {
  const { live = false, colored = false } = options;
  const written = { out: "", err: "" };
  const colors = pc.createColors(colored);
  return {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    live,
    columns: () => 100,
    outColors: colors,
    errColors: colors,
    outText: () => written.out,
    errText: () => written.err,
  };
}
