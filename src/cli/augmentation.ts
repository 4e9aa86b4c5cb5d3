import { type Augmentation, createAugmentation } from "../data/augment/augmentation.ts";
import { nameHint, OptionError } from "../tensor/errors.ts";
import { decimalNumber, type OptionParser, wholeNumber } from "./options.ts";

/** What `--augment` says: moves alone, as runs have always had them, or a list of any changes. */
export type AugmentOption = { readonly shift: number } | readonly Augmentation[];

/** The classes after an @; whatever a form is, it may be limited to some. */
type Classes = { readonly classes: readonly string[] | null };

/** One form: how it is written, and what it makes of the text behind its colon; `null` when there is none. */
interface Form {
  readonly usage: string;
  readonly parse: (amount: string | null, where: string, classes: Classes) => Augmentation;
}

const largestShift = 1000;

const required =
  (usage: string, parse: (amount: string, where: string, classes: Classes) => Augmentation): Form["parse"] =>
  (amount, where, classes) => {
    if (amount !== null) return parse(amount, where, classes);
    throw new OptionError(`${usage} was expected`, { where });
  };

const positive = { minimum: 0, above: true } as const;

/** `0.9-1.1` as two numbers. */
function range(text: string, where: string): [number, number] {
  const [low = "", high = "", ...more] = text.split("-");
  if (more.length > 0 || high === "") {
    throw new OptionError(`two numbers FROM-TO were expected, got "${text}"`, { where });
  }
  const parse = decimalNumber(where, positive);
  return [parse(low), parse(high)];
}

/** Hues are more telling than the other three. */
const hueShare = 0.25;

const forms: Readonly<Record<string, Form>> = {
  shift: {
    usage: "shift:PIXELS",
    parse: required("shift:PIXELS", (amount, where, classes) =>
      createAugmentation("shift", {
        pixels: wholeNumber(where, { minimum: 1, maximum: largestShift })(amount),
        ...classes,
      }),
    ),
  },
  flip: {
    usage: "flip (or flip:vertical)",
    parse: (amount, where, classes) => {
      if (amount === null) return createAugmentation("flip", classes);
      if (amount === "vertical") {
        return createAugmentation("flip", { horizontal: false, vertical: true, ...classes });
      }
      throw new OptionError(`flip or flip:vertical was expected, got "flip:${amount}"`, { where });
    },
  },
  rotate: {
    usage: "rotate:DEGREES",
    parse: required("rotate:DEGREES", (amount, where, classes) =>
      createAugmentation("rotation", { degrees: decimalNumber(where, positive)(amount), ...classes }),
    ),
  },
  scale: {
    usage: "scale:FROM-TO",
    parse: required("scale:FROM-TO", (amount, where, classes) => {
      const [minimum, maximum] = range(amount, where);
      return createAugmentation("scale", { minimum, maximum, ...classes });
    }),
  },
  shear: {
    usage: "shear:DEGREES",
    parse: required("shear:DEGREES", (amount, where, classes) =>
      createAugmentation("shear", { horizontal: decimalNumber(where, positive)(amount), ...classes }),
    ),
  },
  crop: {
    usage: "crop (or crop:FROM-TO, shares of the area)",
    parse: (amount, where, classes) =>
      createAugmentation("randomResizedCrop", {
        ...(amount === null ? {} : { scale: range(amount, where) }),
        ...classes,
      }),
  },
  color: {
    usage: "color:AMOUNT",
    parse: required("color:AMOUNT", (amount, where, classes) => {
      const reach = decimalNumber(where, positive)(amount);
      const hue = Math.min(0.5, hueShare * reach);
      const options = { brightness: reach, contrast: reach, saturation: reach, hue, ...classes };
      return createAugmentation("colorJitter", options);
    }),
  },
  cutout: {
    usage: "cutout:PIXELS",
    parse: required("cutout:PIXELS", (amount, where, classes) =>
      createAugmentation("cutout", { size: wholeNumber(where, { minimum: 1 })(amount), ...classes }),
    ),
  },
  mixup: {
    usage: "mixup (or mixup:ALPHA)",
    parse: (amount, where, classes) =>
      createAugmentation("mixup", {
        ...(amount === null ? {} : { alpha: decimalNumber(where, positive)(amount) }),
        ...classes,
      }),
  },
  rand: {
    usage: "rand (or rand:OPERATIONS,MAGNITUDE)",
    parse: (amount, where, classes) => {
      if (amount === null) return createAugmentation("randAugment", classes);
      const [operations, magnitude, ...more] = amount.split(",").map(wholeNumber(where, { minimum: 0 }));
      if (magnitude === undefined || more.length > 0) {
        throw new OptionError(`rand:OPERATIONS,MAGNITUDE was expected, got "rand:${amount}"`, { where });
      }
      return createAugmentation("randAugment", { operations, magnitude, ...classes });
    },
  },
};

/** All forms, for help and hints. */
export const augmentationForms = Object.values(forms)
  .map(({ usage }) => usage)
  .join(", ");

/**
 * Changes joined by `+`, each with `@CLASS,CLASS` behind it where it is limited to some classes, or `none`. A shift alone
 * is what it was before there was anything else: drawn by the engine.
 *
 * @throws OptionError that lists the forms
 */
export function augmentation(flag: string): OptionParser<AugmentOption | null> {
  return (text) => {
    if (text === "none") return null;
    const list = text.split("+").map((part) => parseForm(part, flag));
    const [first] = list;
    if (list.length === 1 && isPlainShift(first)) return { shift: first.options.pixels };
    return list;
  };
}

function parseForm(text: string, flag: string): Augmentation {
  const [form = "", names, ...moreNames] = text.split("@");
  const [name = "", amount = null, ...more] = form.split(":");
  if (!Object.hasOwn(forms, name) || more.length > 0 || moreNames.length > 0) {
    const guess = nameHint(name, Object.keys(forms)).replace(/Known: .*/, "");
    throw new OptionError(`unknown augmentation "${text}"`, {
      where: flag,
      hint: `${guess}Known: ${augmentationForms}, none; several are joined by +, as in flip+crop.`,
    });
  }
  const classes = names === undefined ? null : names.split(",").map((entry) => entry.trim());
  return forms[name].parse(amount, `${flag} ${name}`, { classes });
}

function isPlainShift(
  entry: Augmentation,
): entry is Augmentation<"shift"> & { readonly options: { readonly pixels: number } } {
  if (entry.kind !== "shift") return false;
  const { pixels, classes }: { readonly pixels?: number | null; readonly classes?: unknown } = entry.options;
  return typeof pixels === "number" && classes === null;
}
