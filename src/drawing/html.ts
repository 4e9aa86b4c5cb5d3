/** Text that is HTML already. Only {@link html} makes it, so that nothing gets in without being escaped. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: text and numbers are escaped, `null` is nothing. */
export type Content = string | number | Html | null | readonly Content[];

/** HTML from a template, in elements and in quoted attributes alike. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  const parts = strings.map((text, index) => (index === 0 ? text : `${textOf(values[index - 1])}${text}`));
  return new Html(parts.join(""));
}

function textOf(value: Content): string {
  if (value === null) return "";
  if (typeof value === "string") return escaped(value);
  if (typeof value === "number" || value instanceof Html) return String(value);
  return value.map(textOf).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Names of files may hold any character: what HTML does not allow, and halves of letters, become the sign for that. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, (letter) => (letter === "\n" || letter === "\t" ? letter : "\ufffd"))
    .replaceAll(/[&<>"']/g, (letter) => entities[letter]);
}
