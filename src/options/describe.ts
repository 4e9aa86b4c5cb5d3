const longestText = 60;

/** A value as an error shows it: JSON where that is short, else its kind. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const text = jsonOf(value);
  if (text === undefined) return Array.isArray(value) ? "a list" : "an object";
  return text.length <= longestText ? text : `${text.slice(0, longestText)}...`;
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // A cycle, or a bigint inside.
  }
}
