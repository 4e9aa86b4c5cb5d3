import type { Tensor } from "../../../tensor/index.ts";
import type { TranslationFigures, TranslationMap } from "../figures.ts";

/** A model, and how it bears moves. */
export interface MovedModel {
  readonly name: string;
  readonly parameters: number;
  readonly map: TranslationMap;
  /** Names of its classes; `null` for their numbers. */
  readonly classNames: readonly string[] | null;
  /** Images of its examples, in the order of `map.flips`: bytes, `[N, H, W, C]`. */
  readonly images: Tensor<"uint8">;
}

/** What a report on moves shows. */
export interface TranslationReport {
  /** What was moved: `mnist`. */
  readonly data: string;
  readonly models: readonly MovedModel[];
}

/** The figures that a map is drawn of, in the order in which they are shown. */
export const figureNames = [
  "accuracy",
  "consistency",
  "loss",
] as const satisfies readonly (keyof TranslationFigures)[];

/** One of {@link figureNames}. */
export type FigureName = (typeof figureNames)[number];

/** How figures are shown. */
interface Figure {
  readonly title: string;
  /** What the number means, as a sentence. */
  readonly meaning: string;
  /** As it is drawn: shares in percent. */
  readonly value: (figures: TranslationFigures) => number;
  readonly format: (value: number) => string;
  /** The greatest value that there can be; `null`: there is no such thing. */
  readonly most: number | null;
}

/** Nothing short of all is 100. */
const wholePercent = (value: number) => String(value < 100 ? Math.min(99, Math.round(value)) : 100);

/** All figures. */
export const figures: { readonly [N in FigureName]: Figure } = {
  accuracy: {
    title: "Accuracy, %",
    meaning: "The share of moved images of which the model names the right class.",
    value: ({ accuracy }) => 100 * accuracy,
    format: wholePercent,
    most: 100,
  },
  consistency: {
    title: "Consistency, %",
    meaning:
      "The share of images of which the model says the same, right or wrong, whether they are moved or not. A net that keeps its answers has learned that place does not matter.",
    value: ({ consistency }) => 100 * consistency,
    format: wholePercent,
    most: 100,
  },
  loss: {
    title: "Loss",
    meaning:
      "How surprised the model is by the right class, on average. It goes on growing where accuracy cannot fall any further: a net that is wrong and sure of it loses most.",
    value: ({ loss }) => loss,
    format: (value) =>
      value === 0
        ? "0"
        : value < 0.995
          ? value.toFixed(2).replace(/^0/, "")
          : value < 9.95
            ? value.toFixed(1)
            : value.toFixed(0),
    most: null,
  },
};

/** `97.0 %`, in one piece; nothing short of all is 100. */
export function shareText(share: number): string {
  const tenths = share < 1 ? Math.min(999, Math.round(1000 * share)) : 1000;
  return `${(tenths / 10).toFixed(1)}\u00a0%`;
}

/** `1 px up`, `2 px left and 1 px down`, `not at all`. */
export function moveInWords({ dx, dy }: { readonly dx: number; readonly dy: number }): string {
  const across = dx === 0 ? [] : [`${Math.abs(dx)} px ${dx < 0 ? "left" : "right"}`];
  const down = dy === 0 ? [] : [`${Math.abs(dy)} px ${dy < 0 ? "up" : "down"}`];
  return [...across, ...down].join(" and ") || "not at all";
}
