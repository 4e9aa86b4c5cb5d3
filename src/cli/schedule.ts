import { nameHint, OptionError } from "../tensor/errors.ts";
import { scheduleForms } from "./names.ts";
import { decimalNumber, wholeNumber } from "./options.ts";

/** What `--schedule` says. */
export interface ScheduleOption {
  readonly kind: "constant" | "step" | "cosine" | "one-cycle";
  /** Epochs from one fall of the rate to the next, for "step". */
  readonly stepEpochs: number | null;
  /** Epochs in which the rate first rises from 0; 0 for none. */
  readonly warmUpEpochs: number;
  /** Whether it is laid out over all epochs, so that a finished run cannot go on with it. */
  readonly endsWithTraining: boolean;
}

const kinds = ["constant", "step", "cosine", "one-cycle"] as const;
const flag = "--schedule";

/**
 * Reads `cosine`, `step:2`, `warm-up:1+cosine` and the like.
 *
 * @throws OptionError that lists the forms
 */
export function parseSchedule(text: string): ScheduleOption {
  const [first, second, ...more] = text.split("+");
  if (more.length > 0) throw wrongForm(text);
  if (!first.startsWith("warm-up:")) {
    if (second !== undefined) throw wrongForm(text);
    return { ...parseKind(first), warmUpEpochs: 0 };
  }
  const warmUpEpochs = decimalNumber(`${flag} warm-up`, { minimum: 0, above: true })(
    first.slice("warm-up:".length),
  );
  return { ...parseKind(second ?? "constant"), warmUpEpochs };
}

function parseKind(text: string): Omit<ScheduleOption, "warmUpEpochs"> {
  const [name, amount, ...more] = text.split(":");
  const kind = kinds.find((known) => known === name);
  if (kind === undefined) {
    throw new OptionError(`unknown schedule "${name}"`, {
      where: flag,
      hint: nameHint(name, [...kinds, "warm-up"]),
    });
  }
  if (more.length > 0 || (kind === "step") !== (amount !== undefined)) throw wrongForm(text);
  const stepEpochs = amount === undefined ? null : wholeNumber(`${flag} step`, { minimum: 1 })(amount);
  return { kind, stepEpochs, endsWithTraining: kind === "cosine" || kind === "one-cycle" };
}

function wrongForm(text: string): OptionError {
  return new OptionError(`"${text}" is not a schedule`, {
    where: flag,
    hint: `Known forms: ${scheduleForms}.`,
  });
}
