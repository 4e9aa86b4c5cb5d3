/**
 * The first key that occurs twice in one object of a JSON text. `JSON.parse` keeps the last of such keys silently, so
 * that two readers of one file could see different things.
 *
 * @param text - valid JSON
 */
export function findDuplicateKey(text: string): string | undefined {
  // Of valid JSON only strings and these characters matter; all else (numbers, blanks, commas) is skipped.
  const tokens = /["{}[\]:]/g;
  const open: (Set<string> | undefined)[] = [];
  let lastString = "";
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const token = match[0];
    if (token === '"') {
      const end = endOfString(text, match.index);
      lastString = text.slice(match.index, end);
      tokens.lastIndex = end;
    } else if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === ":") {
      // Only a key is followed by a colon.
      const key = String(JSON.parse(lastString));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    } else open.pop();
  }
  return undefined;
}

/** The position after the string that begins at `start`. No pattern does this: on long strings its stack overflows. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text[quote - 1 - slashes] === "\\") slashes++;
    // A quotation mark after an odd number of backslashes is part of the string.
    if (slashes % 2 === 0) return quote + 1;
  }
}
