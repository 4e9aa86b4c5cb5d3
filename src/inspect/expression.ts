/**
 * Formulas as small trees: each knows its symbols and their numbers, so that one tree prints as `w1·x + b1`, prints as
 * `0.8·0.5 + 0.1`, and evaluates to 0.5. The constructors simplify just enough to read as a textbook writes.
 */
export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | SymbolExpression
  | { readonly kind: "sum"; readonly terms: readonly Expression[]; readonly summary: Summary | null }
  | { readonly kind: "product"; readonly factors: readonly Expression[] }
  | { readonly kind: "square"; readonly base: Expression }
  | CallExpression;

/** A named number: `w2`, or an element of something named, `w2[1,2]`. */
export interface SymbolExpression {
  readonly kind: "symbol";
  readonly name: string;
  readonly value: number;
  /** Whether it is a partial derivative that was worked out before: the prefix that backpropagation reuses. */
  readonly reused: boolean;
}

/** A function of one argument with its result: `s(z1)` prints with its argument, `s'(z1)` as a number of its own. */
export interface CallExpression {
  readonly kind: "call";
  readonly name: string;
  readonly argument: Expression;
  readonly value: number;
  /** Whether the printed numbers show the result rather than the call. */
  readonly opaque: boolean;
}

/** A sum over an index, for printing `Σj w2[1,j]·a1[j]` instead of each term. */
export interface Summary {
  readonly index: string;
  readonly term: Expression;
}

/** A piece of a printed formula; `reuses` names the partial derivative that the piece repeats, if it does. */
export interface FormulaPart {
  readonly text: string;
  readonly reuses: string | null;
}

export function number(value: number): Expression {
  return { kind: "number", value };
}

/** A sum, flattened, without zeros; equal terms are gathered (`e + e` is `2·e`). */
export function sum(terms: readonly Expression[], summary: Summary | null = null): Expression {
  // Gathered before flattened: (y - t) + (y - t) is 2·(y - t) rather than 2·y - 2·t.
  const whole = gather(terms);
  const kept = gather(
    whole.flatMap((term) => (term.kind === "sum" && term.summary === null ? term.terms : [term])),
  );
  const [first] = kept;
  if (first === undefined) return number(0);
  return kept.length === 1 ? first : { kind: "sum", terms: kept, summary };
}

function gather(terms: readonly Expression[]): Expression[] {
  const gathered: { term: Expression; key: string; count: number }[] = [];
  for (const term of terms) {
    if (term.kind === "number" && term.value === 0) continue;
    const key = plainText(term, "symbols");
    const same = gathered.find((entry) => entry.key === key && term.kind !== "number");
    if (same === undefined) gathered.push({ term, key, count: 1 });
    else same.count++;
  }
  return gathered.map(({ term, count }) => (count === 1 ? term : product([number(count), term])));
}

/** A product, flattened, numbers gathered in front, ones dropped; two equal factors are a square. */
export function product(factors: readonly Expression[]): Expression {
  const flat = factors.flatMap((factor) => (factor.kind === "product" ? factor.factors : [factor]));
  let coefficient = 1;
  const kept: Expression[] = [];
  for (const factor of flat) {
    if (factor.kind === "number") {
      coefficient *= factor.value;
      continue;
    }
    const key = plainText(factor, "symbols");
    const same = kept.findIndex((other) => plainText(other, "symbols") === key);
    if (same < 0) kept.push(factor);
    else kept[same] = { kind: "square", base: factor };
  }
  if (coefficient === 0) return number(0);
  const all = coefficient === 1 ? kept : [number(coefficient), ...kept];
  const [first] = all;
  if (first === undefined) return number(1);
  return all.length === 1 ? first : { kind: "product", factors: all };
}

/** The number that a formula comes to. */
export function evaluateExpression(expression: Expression): number {
  switch (expression.kind) {
    case "sum":
      return expression.terms.reduce((total, term) => total + evaluateExpression(term), 0);
    case "product":
      return expression.factors.reduce((total, factor) => total * evaluateExpression(factor), 1);
    case "square":
      return evaluateExpression(expression.base) ** 2;
    default:
      return expression.value;
  }
}

/** The reused partial derivatives that a formula contains. */
export function reusedIn(expression: Expression): SymbolExpression[] {
  switch (expression.kind) {
    case "symbol":
      return expression.reused ? [expression] : [];
    case "sum":
      return expression.terms.flatMap(reusedIn);
    case "product":
      return expression.factors.flatMap(reusedIn);
    case "square":
      return reusedIn(expression.base);
    case "call":
      return reusedIn(expression.argument);
    case "number":
      return [];
  }
}

/** How a formula prints: by its symbols, or with their numbers put in. */
export type Style = "symbols" | "numbers";

/** A formula as pieces of text, reused partial derivatives marked. */
export function formulaParts(expression: Expression, style: Style): FormulaPart[] {
  return joinParts(write(expression, style, 0));
}

/** A formula as text without marks. */
export function plainText(expression: Expression, style: Style): string {
  return write(expression, style, 0)
    .map((part) => part.text)
    .join("");
}

/** A number with six significant digits, without trailing zeros. */
export function formatNumber(value: number): string {
  const rounded = Number(value.toPrecision(6));
  return Object.is(rounded, -0) ? "0" : String(rounded);
}

/** Sums longer than this print their first two terms and their last when numbers are put in. */
const mostTerms = 6;

const plain = (text: string): FormulaPart => ({ text, reuses: null });

/** Strength of the surroundings: 0 none, 1 a term of a sum that is not its first, 2 a factor, 3 a base. */
type Strength = 0 | 1 | 2 | 3;

function write(expression: Expression, style: Style, strength: Strength): FormulaPart[] {
  switch (expression.kind) {
    case "number":
      return [plain(bracketed(expression.value, strength))];
    case "symbol": {
      const text = style === "symbols" ? expression.name : bracketed(expression.value, strength);
      return [{ text, reuses: expression.reused ? expression.name : null }];
    }
    case "call":
      if (style === "numbers" && expression.opaque) return [plain(bracketed(expression.value, strength))];
      return [plain(`${expression.name}(`), ...write(expression.argument, style, 0), plain(")")];
    case "square":
      return [...write(expression.base, style, 3), plain("²")];
    case "product":
      return writeProduct(expression.factors, style, strength);
    case "sum":
      return strength >= 2
        ? [plain("("), ...writeSum(expression, style), plain(")")]
        : writeSum(expression, style);
  }
}

function writeProduct(factors: readonly Expression[], style: Style, strength: Strength): FormulaPart[] {
  const [sign, ...others] = factors;
  if (sign.kind === "number" && sign.value === -1 && others.length > 0) {
    const opposite = [plain("-"), ...write(product(others), style, 2)];
    return strength > 0 ? [plain("("), ...opposite, plain(")")] : opposite;
  }
  const inner = factors.flatMap((factor, index) => {
    const dot = index === 0 ? [] : [plain("·")];
    // Only the first factor can be a bare negative number: -2·x, but x·(-2).
    const bare = index === 0 && strength === 0 && factor.kind !== "sum";
    return [...dot, ...write(factor, style, bare ? 0 : 2)];
  });
  return strength === 3 ? [plain("("), ...inner, plain(")")] : inner;
}

function writeSum(
  { terms, summary }: { readonly terms: readonly Expression[]; readonly summary: Summary | null },
  style: Style,
): FormulaPart[] {
  if (summary !== null && style === "symbols") {
    return [plain(`Σ${summary.index} `), ...write(summary.term, style, 2)];
  }
  const elided = terms.length > mostTerms;
  const shown = elided ? [...terms.slice(0, 2), ...terms.slice(-1)] : terms;
  return shown.flatMap((term, index) => {
    const opposite = index > 0 ? withoutMinus(term) : null;
    const dots = elided && index === 2 ? [plain(` + … (${terms.length} terms)`)] : [];
    if (opposite !== null) return [...dots, plain(" - "), ...write(opposite, style, 2)];
    return [...dots, ...(index === 0 ? [] : [plain(" + ")]), ...write(term, style, index === 0 ? 0 : 1)];
  });
}

/** What is left of `-1·x` without its sign; `null` for a term that is added. */
function withoutMinus(term: Expression): Expression | null {
  if (term.kind === "number") return term.value < 0 ? number(-term.value) : null;
  if (term.kind !== "product") return null;
  const [first, ...rest] = term.factors;
  return first?.kind === "number" && first.value < 0 ? product([number(-first.value), ...rest]) : null;
}

function bracketed(value: number, strength: Strength): string {
  const text = formatNumber(value);
  return text.startsWith("-") && strength > 0 ? `(${text})` : text;
}

function joinParts(parts: readonly FormulaPart[]): FormulaPart[] {
  const joined: FormulaPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last !== undefined && last.reuses === part.reuses && part.reuses === null) {
      joined[joined.length - 1] = plain(last.text + part.text);
    } else {
      joined.push(part);
    }
  }
  return joined;
}
