import { FormatError } from "../../tensor/errors.ts";
import { clip } from "../format-errors.ts";

/** The error for elements that are no numbers, or not of a kind that weights have. */
export function unsupportedType(dtype: unknown, where: string): FormatError {
  return new FormatError(`elements of type "${clip(String(dtype), 40)}" are not supported`, {
    where,
    hint: "Weights are float32, float16, int32, int16, uint16, uint8 or bool.",
  });
}
