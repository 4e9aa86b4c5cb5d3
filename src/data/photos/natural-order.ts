/**
 * Orders names as people do: `class 2` before `class 10`, capitals beside small letters. It depends on no language and no
 * system: the same names have the same order everywhere.
 */
export function naturalOrder(a: string, b: string): number {
  const partsOfA = partsOf(a);
  const partsOfB = partsOf(b);
  for (let index = 0; index < Math.min(partsOfA.length, partsOfB.length); index++) {
    const order = compareParts(partsOfA[index], partsOfB[index]);
    if (order !== 0) return order;
  }
  return partsOfA.length - partsOfB.length || compare(a, b);
}

/** Runs of digits and what is between them. */
function partsOf(name: string): readonly string[] {
  return name.toLowerCase().match(/\d+|\D+/g) ?? [];
}

function compareParts(a: string, b: string): number {
  if (!isNumber(a) || !isNumber(b)) return compare(a, b);
  const [digitsOfA, digitsOfB] = [a, b].map((digits) => digits.replace(/^0+/, ""));
  return digitsOfA.length - digitsOfB.length || compare(digitsOfA, digitsOfB);
}

function isNumber(part: string): boolean {
  return part[0] >= "0" && part[0] <= "9";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
