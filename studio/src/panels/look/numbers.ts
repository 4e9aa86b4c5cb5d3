/** A value in few characters, with three or four digits that count; minus is a minus. */
export function numberText(value: number, digits = 3): string {
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  const text =
    magnitude >= 1e5 || magnitude < 10 ** -digits
      ? value.toExponential(1).replace("e+", "e")
      : magnitude >= 100
        ? value.toFixed(Math.max(0, digits - 2))
        : value.toFixed(digits - (magnitude >= 10 ? 1 : 0));
  return text.replace("-", "−");
}

/** A value in a narrow cell: two decimals. */
export function cellText(value: number): string {
  if (value === 0) return "0";
  if (Math.abs(value) < 0.005) return value < 0 ? "−0" : "~0";
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
  return text.replace("-", "−").replace(/^(−?)0\./, "$1.");
}
