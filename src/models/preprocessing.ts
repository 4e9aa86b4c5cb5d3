import { checkOptions, type Fields, numberField } from "../options/index.ts";

/** What happens to the bytes of an image before the first layer: scale * byte + offset. */
export interface Preprocessing {
  /** Default 1 / 255, which brings bytes to [0, 1]. */
  readonly scale: number;
  /** Default 0. */
  readonly offset: number;
}

const fields: Fields<Partial<Preprocessing>> = {
  scale: numberField({}, 1 / 255),
  offset: numberField({}, 0),
};

/** @throws OptionError for an unknown option or one that is not a number */
export function readPreprocessing(value: unknown): Preprocessing {
  return checkOptions("preprocessing", value, fields);
}
