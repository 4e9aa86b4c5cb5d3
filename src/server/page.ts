import { createHash } from "node:crypto";

/** A page, and what it may do. */
export interface Page {
  readonly html: string;
  /** Nothing from elsewhere, no script but its own: for the header of this name. */
  readonly contentSecurityPolicy: string;
}

/**
 * The page to drop a photo on. It is one file, asks nobody but this service, and works by keyboard and screen reader.
 *
 * @param name - the model's
 * @param detail - what it is, in a line
 */
export function dropPage(name: string, detail: string): Page {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(name)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(name)}</h1>
<p class="detail">${escapeHtml(detail)}</p>
<label id="drop" for="file"><span>Drop a photo here, or choose one</span>
<input id="file" type="file" accept="image/*"></label>
<div id="answer" role="status" aria-live="polite"></div>
<img id="photo" alt="" hidden>
</main>
<script>${script}</script>
</body>
</html>
`;
  const contentSecurityPolicy = [
    "default-src 'none'",
    "connect-src 'self'",
    "img-src blob: data:",
    `style-src '${hashOf(style)}'`,
    `script-src '${hashOf(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, contentSecurityPolicy };
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot" };
  return text.replaceAll(/[&<>"]/g, (sign) => `&${names[sign]};`);
}

const style = `
:root { color-scheme: light dark; --line: light-dark(#999, #777); --bar: light-dark(#2563eb, #60a5fa); }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 36rem; margin: 0 auto; padding: 1.5rem 1rem; }
h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere; }
.detail { margin: 0 0 1.5rem; opacity: .75; }
#drop { display: grid; gap: .75rem; justify-items: center; padding: 2.5rem 1rem; border: 2px dashed var(--line); border-radius: .75rem; cursor: pointer; }
#drop.over, #drop:focus-within { border-color: var(--bar); outline: 2px solid var(--bar); }
#answer { margin: 1.25rem 0; min-height: 1.5rem; }
#photo { max-width: 100%; max-height: 24rem; border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: normal; overflow-wrap: anywhere; }
td { text-align: right; white-space: nowrap; padding-left: .75rem; font-variant-numeric: tabular-nums; }
meter { width: 8rem; vertical-align: middle; }
`;

/** Text from the answer becomes text of the page, never markup. */
const script = `
const drop = document.getElementById("drop");
const file = document.getElementById("file");
const answer = document.getElementById("answer");
const photo = document.getElementById("photo");
let latest = 0;

async function send(image) {
  const number = ++latest;
  if (photo.src) URL.revokeObjectURL(photo.src);
  photo.src = URL.createObjectURL(image);
  photo.alt = image.name;
  photo.hidden = false;
  answer.textContent = "Looking at it …";
  let shown;
  try {
    const type = image.type.startsWith("image/") ? image.type : "application/octet-stream";
    const response = await fetch("predict?top=5", { method: "POST", body: image, headers: { "content-type": type } });
    const result = await response.json();
    shown = response.ok ? tableOf(result) : failure(result.error);
  } catch {
    shown = "The service cannot be reached.";
  }
  if (number === latest) answer.replaceChildren(shown);
}

function failure({ message, hint }) {
  return message + ". " + (hint || "");
}

function tableOf({ top, milliseconds }) {
  const table = document.createElement("table");
  const caption = table.createCaption();
  caption.textContent = Math.round(milliseconds) + " ms";
  for (const { name, probability } of top) {
    const row = table.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    const meter = document.createElement("meter");
    meter.value = probability;
    meter.setAttribute("aria-hidden", "true");
    const cell = document.createElement("td");
    cell.append(meter);
    row.append(head, cell);
    row.insertCell().textContent = (100 * probability).toFixed(2) + " %";
  }
  return table;
}

file.addEventListener("change", () => { if (file.files[0]) send(file.files[0]); });
for (const name of ["dragenter", "dragover"]) addEventListener(name, (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", () => drop.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const [image] = event.dataTransfer.files;
  if (image) send(image);
});
addEventListener("paste", (event) => {
  const [image] = event.clipboardData.files;
  if (image) send(image);
});
`;
