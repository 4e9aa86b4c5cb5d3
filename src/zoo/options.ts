import { checkOptions, type Fields, type Resolved, shapeField, wholeNumberField } from "../options/index.ts";
import type { Shape } from "../tensor/index.ts";

/** Options of every model of the zoo. */
export interface ZooOptions {
  /** Number of classes; default 10. */
  readonly classes?: number;
  /** Shape of an image, [height, width, channels]; default [28, 28, 1]. */
  readonly inputShape?: Shape;
}

const fields: Fields<ZooOptions> = {
  classes: wholeNumberField(2, 10),
  inputShape: { ...shapeField, fallback: [28, 28, 1] },
};

/**
 * @param name - the model's name, for errors
 * @throws OptionError for an unknown or wrong option
 */
export function zooOptions(name: string, options: ZooOptions): Resolved<ZooOptions> {
  return checkOptions(`models.create("${name}")`, options, fields);
}
