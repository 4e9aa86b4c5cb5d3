import { type Content, Html, html } from "./html.ts";
import { style } from "./style.ts";

/** What a page is made of. */
export interface Page {
  /** Of the window; headings are content. */
  readonly title: string;
  /** All between header and footer, the header included. */
  readonly content: Content;
  /** The line at the end. */
  readonly footer: Content;
  /** Rules of style beside those of all pages. */
  readonly styles?: readonly string[];
}

/** A whole HTML file without scripts, whose policy forbids it to load anything: images are `data:` addresses. */
export function page({ title, content, footer, styles = [] }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Html([style, ...styles].join(""))}</style>
</head>
<body>
<main>
${content}
<footer>${footer} This file holds all that it shows; it loads nothing.</footer>
</main>
</body>
</html>
`.toString();
}

/** A drawing as a file of its own: an SVG element, with its style. */
export function svgFile(drawing: Html, styles: readonly string[] = []): string {
  const [, attributes, content] = /^<svg ([^>]*)>(.*)$/s.exec(drawing.toString()) ?? [];
  if (attributes === undefined || content === undefined) throw new Error("no drawing");
  const [, , width = "0", height = "0"] = /viewBox="([^"]*)"/.exec(attributes)?.[1]?.split(" ") ?? [];
  // Browsers take the font of the page, other programs that of the drawing.
  const own = `svg { font-family: system-ui, -apple-system, "Segoe UI", sans-serif; background: var(--page); }`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ${attributes}>
<style>${[style, ...styles, own].join("")}</style>
${content}`;
}
