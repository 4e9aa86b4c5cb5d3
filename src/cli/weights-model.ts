import type { Engine } from "../engine/engine.ts";
import type { Pretrained } from "../pretrained/index.ts";
import { FileProgress } from "./terminal/file-progress.ts";
import { formatCount } from "./terminal/numbers.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** Options of commands that give a model by name its weights. */
export interface WeightsFlags {
  readonly weights?: string;
  readonly classes?: number;
  /** `--no-strict` makes it false. */
  readonly strict: boolean;
}

/** What a model is to be like beside its weights. */
export interface WeightsModelOptions extends WeightsFlags {
  readonly weights: string;
  readonly inputShape?: readonly number[];
  readonly quiet?: boolean;
}

/**
 * A model by name with the weights that `--weights` names, and a line on what was done.
 *
 * @throws OptionError, FileError, FormatError as `pretrained` does
 */
export async function weightsModel(
  name: string,
  { weights, classes, strict, inputShape, quiet = false }: WeightsModelOptions,
  engine: Engine,
  terminal: Terminal,
): Promise<Pretrained> {
  const { pretrained } = await import("../pretrained/index.ts");
  const progress = quiet ? null : new FileProgress(terminal);
  try {
    const made = await pretrained(name, {
      weights,
      strict,
      engine,
      ...(classes === undefined ? {} : { classes }),
      ...(inputShape === undefined ? {} : { inputShape }),
      ...(progress === null ? {} : { fetch: { onProgress: progress.show } }),
    });
    progress?.closeLine();
    if (!quiet) for (const line of notesOf(made, weights)) terminal.err(`${line}\n`);
    return made;
  } catch (error) {
    progress?.closeLine();
    throw error;
  }
}

/** What of the weights was not used, and what was assumed. */
function notesOf({ report, preparation }: Pretrained, weights: string): string[] {
  const { applied, missing, unused, mismatched } = report;
  const fresh = [...missing.filter(({ auxiliary }) => !auxiliary), ...mismatched].map(
    ({ parameter }) => parameter,
  );
  const notes: string[] = [];
  if (fresh.length > 0) {
    notes.push(`${weights}: ${formatCount(applied.length)} tensors taken; fresh weights: ${listed(fresh)}`);
  }
  if (unused.length > 0) notes.push(`${weights}: not used: ${listed(unused.map(({ tensor }) => tensor))}`);
  if (preparation === null) {
    notes.push(`${weights}: how images were prepared for these weights is not known; bytes become 0 to 1`);
  }
  return notes;
}

const mostListed = 6;

function listed(names: readonly string[]): string {
  const more = names.length > mostListed ? ` and ${names.length - mostListed} more` : "";
  return `${names.slice(0, mostListed).join(", ")}${more}`;
}
