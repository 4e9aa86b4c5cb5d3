import { damageOf } from "../format-errors.ts";

/** The error for a Keras file that breaks its format. */
export const damagedKeras = damageOf("Keras file");
