/** What a {@link FoveaError} is made of: what is wrong, where, and how to mend it. */
export interface ErrorDetails {
  /** Where it happened: an op and layer path, a file, an option. */
  readonly where?: string;
  /** How to mend it, as an instruction. */
  readonly hint?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * Base of every error that Fovea throws on purpose. Its message reads `where: what. hint`, so that one line tells a
 * user what is wrong, where, and what to do. Any other error that escapes is a defect of Fovea.
 */
export class FoveaError extends Error {
  readonly where: string | undefined;
  readonly hint: string | undefined;
  /** What is wrong, without place and hint. */
  readonly what: string;

  constructor(what: string, details: ErrorDetails = {}) {
    const { where, hint, cause } = details;
    const place = where === undefined ? "" : `${where}: `;
    const mend = hint === undefined ? "" : ` ${hint}`;
    super(`${place}${endSentence(what)}${mend}`, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.what = what;
    this.where = where;
    this.hint = hint;
  }
}

/** Shapes that do not fit an op, a layer or a tensor. */
export class ShapeError extends FoveaError {}
/** An option, name or argument that is not one of those allowed. */
export class OptionError extends FoveaError {}
/** A file whose bytes are not what its format promises. */
export class FormatError extends FoveaError {}
/** A file or folder that cannot be read or written. */
export class FileError extends FoveaError {}
/** Examples or labels that cannot be trained on. */
export class DataError extends FoveaError {}
/** Training that cannot go on: a loss that is not a number, a run that is in use. */
export class TrainingError extends FoveaError {}
/** An engine that cannot run here or has stopped. */
export class EngineError extends FoveaError {}
/** A service that cannot listen where it was told to. */
export class ServiceError extends FoveaError {}
/** A graph or a variable that an engine's memory cannot hold. */
export class MemoryError extends EngineError {}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** What is likely meant by fewer letters than these is anyone's guess. */
const shortestBeginning = 3;

/**
 * The candidate that was likely meant: the first that begins with `name`, else the nearest in edit distance, when near
 * enough to be a slip of the keyboard.
 */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const beginning = name.toLowerCase();
  const longer = candidates.find((candidate) => candidate.toLowerCase().startsWith(beginning));
  if (longer !== undefined && name.length >= shortestBeginning) return longer;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** A hint lists no more names than these, in place of a screen full: classes of ImageNet, layers of a large net. */
const mostListed = 64;
/** Of more names so many are shown. */
const shownOfMany = 12;

/** A hint of the form `Did you mean "x"? Known: a, b, c.`; of very many names those first that share a word with `name`. */
export function nameHint(name: string, candidates: readonly string[]): string {
  const nearest = nearestName(name, candidates);
  const guess = nearest === undefined ? "" : `Did you mean "${nearest}"? `;
  if (candidates.length <= mostListed) return `${guess}Known: ${candidates.join(", ")}.`;
  const words = wordsOf(name);
  const isAkin = (candidate: string) => wordsOf(candidate).some((word) => words.includes(word));
  const akin = candidates.filter(isAkin);
  const shown = [...akin, ...candidates.filter((candidate) => !isAkin(candidate))].slice(0, shownOfMany);
  return `${guess}Known: ${shown.join(", ")}, and ${(candidates.length - shown.length).toLocaleString("en-US")} more.`;
}

const wordsOf = (name: string) =>
  name
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);

/** Levenshtein distance by the two-row dynamic programme. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
