/** A number as drawings have room for: four significant digits, as the walk writes it otherwise. */
export function short(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return String(value);
  const rounded = Number(value.toPrecision(digits));
  return Object.is(rounded, -0) ? "0" : String(rounded);
}

/** Six digits, as the walk's own formulas have them. */
export const exact = (value: number): string => short(value, 6);
