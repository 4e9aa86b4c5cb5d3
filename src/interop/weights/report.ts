import { formatShape, nearestName, type Shape } from "../../tensor/index.ts";
import type { KnownConvention } from "./layouts.ts";

/** A parameter that got a tensor's numbers. */
export interface AppliedWeight {
  readonly parameter: string;
  /** The tensor's name in the file. */
  readonly tensor: string;
}

/** A parameter for which the file has no tensor. */
export interface MissingWeight {
  readonly parameter: string;
  /** The shape that it would have in the file. */
  readonly shape: Shape;
  /** Whether inference does without it: it belongs to auxiliary heads. */
  readonly auxiliary: boolean;
  /** An unused tensor of a similar name. */
  readonly nearest: string | null;
}

/** A tensor that no parameter asks for. */
export interface UnusedTensor {
  readonly tensor: string;
  readonly shape: Shape;
  /** A parameter of a similar name that is missing. */
  readonly nearest: string | null;
}

/** A tensor whose name is a parameter's, and whose shape or type is not. */
export interface MismatchedWeight {
  readonly parameter: string;
  readonly tensor: string;
  /** The shape that the parameter has in the file's convention. */
  readonly expected: Shape;
  readonly found: Shape;
  /** What may be behind it. */
  readonly hint: string | null;
}

/** What became of the tensors of a file, and of the parameters of a model. */
export interface WeightReport {
  /** Whose layouts and names were assumed. */
  readonly convention: KnownConvention;
  readonly applied: readonly AppliedWeight[];
  readonly missing: readonly MissingWeight[];
  readonly unused: readonly UnusedTensor[];
  readonly mismatched: readonly MismatchedWeight[];
  /** Names that are no weights of the model: counters, an optimizer's state, auxiliary heads that it was built without. */
  readonly ignored: readonly string[];
}

/** Whether everything fitted: what auxiliary heads miss is no fault, as inference does without. */
export function isComplete({ missing, unused, mismatched }: WeightReport): boolean {
  return unused.length === 0 && mismatched.length === 0 && missing.every(({ auxiliary }) => auxiliary);
}

/** For so many names a similar one is looked for: that is slow, and nobody reads more. */
const mostGuesses = 20;
const mostCandidates = 500;
const longestGuess = 100;

/** For each name a similar one among the candidates. */
export function nearestNames(
  names: readonly string[],
  candidates: readonly string[],
): readonly (string | null)[] {
  // The time grows with the candidates and with the square of their length, and names come from files.
  const near = candidates.filter(({ length }) => length <= longestGuess).slice(0, mostCandidates);
  return names.map((name, index) =>
    index < mostGuesses && name.length <= longestGuess ? (nearestName(name, near) ?? null) : null,
  );
}

/** A name as an error shows it. */
function clip(name: string): string {
  return name.length <= longestGuess ? name : `${name.slice(0, longestGuess)}...`;
}

/** So many of each kind are in an error's text. */
const mostListed = 6;

/** What does not fit, in words: `2 missing (fc.weight [10, 512], fc.bias [10]); 1 unused (head.weight [10, 512])`. */
export function describeMisfit({ missing, unused, mismatched }: WeightReport): string {
  const guess = (nearest: string | null) => (nearest === null ? "" : `, similar to "${nearest}"`);
  const parts = [
    listed(
      "missing",
      missing.map(({ parameter, shape, nearest }) => `${parameter} ${formatShape(shape)}${guess(nearest)}`),
    ),
    listed(
      "unused",
      unused.map(({ tensor, shape, nearest }) => `${clip(tensor)} ${formatShape(shape)}${guess(nearest)}`),
    ),
    listed(
      "mismatched",
      mismatched.map(
        ({ parameter, expected, found }) =>
          `${parameter} must be ${formatShape(expected)}, is ${formatShape(found)}`,
      ),
    ),
  ];
  return parts.filter((part) => part !== "").join("; ");
}

function listed(what: string, entries: readonly string[]): string {
  if (entries.length === 0) return "";
  const more = entries.length > mostListed ? ` and ${entries.length - mostListed} more` : "";
  return `${entries.length} ${what} (${entries.slice(0, mostListed).join("; ")}${more})`;
}
