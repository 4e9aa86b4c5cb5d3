import { Html, html } from "../drawing/index.ts";
import type { Model } from "../models/index.ts";
import { countText, fontSize, type LayerFamily, shapeText, widthOf } from "./diagram/describe.ts";
import {
  boxLine,
  boxLines,
  type DiagramEdge,
  type DiagramFrame,
  type DiagramNode,
  type NetworkDiagram,
  type NetworkDiagramOptions,
  networkDiagram,
} from "./network-diagram.ts";

/** Around the drawing. */
const margin = 24;
const headHeight = 52;
const footHeight = 34;

/** Colours and typefaces; the same in every drawing, in the light, in the dark and on paper. */
const light = `--paper: #ffffff; --ink: #1b1e23; --soft: #565d68; --line: #8b929c; --frame: #c4c9d0; --ground: #f6f7f8;
--image: #e9ecef; --convolution: #dbe8f8; --pooling: #dcefe3; --dense: #fae6d4; --joining: #ebe1f5; --other: #f1f1ee;
--image-edge: #7c858f; --convolution-edge: #2f6fbd; --pooling-edge: #2d8a5b; --dense-edge: #c0702a; --joining-edge: #7d51b0; --other-edge: #8b8b80;`;
const dark = `--paper: #14161a; --ink: #e8eaee; --soft: #a5acb8; --line: #7d8591; --frame: #434954; --ground: #1a1d22;
--image: #2a2e35; --convolution: #1d3350; --pooling: #1b3a2a; --dense: #46301b; --joining: #372a4a; --other: #2a2a27;
--image-edge: #98a0aa; --convolution-edge: #6ea8ee; --pooling-edge: #5cc08e; --dense-edge: #e5a063; --joining-edge: #b791e6; --other-edge: #a5a599;`;

const style = `
.network { ${light} font-family: system-ui, -apple-system, "Segoe UI", sans-serif; background: var(--paper); }
@media (prefers-color-scheme: dark) { .network { ${dark} } }
@media print { .network { ${light} } }
.network text { font-size: ${fontSize}px; fill: var(--ink); }
.network .head { font-size: 17px; font-weight: 650; }
.network .soft, .network .names, .network .finish, .network .figures { fill: var(--soft); }
.network .title { font-weight: 600; }
.network .frame { fill: var(--ground); stroke: var(--frame); }
.network .frame-title { font-size: ${fontSize + 1}px; fill: var(--soft); text-anchor: end; }
.network .repeats { font-weight: 700; fill: var(--ink); }
.network .edge { fill: none; stroke: var(--line); stroke-width: 1.2; stroke-linejoin: round; }
.network .tip { fill: var(--line); }
.network .box { stroke-width: 1.1; }
.network .right { text-anchor: end; }
.network .share { stroke: none; }
.network .note { fill: var(--soft); font-style: italic; }
${(["image", "convolution", "pooling", "dense", "joining", "other"] as const)
  .map(
    (family) => `.network .${family} { fill: var(--${family}); stroke: var(--${family}-edge); }
.network .${family}-share { fill: var(--${family}-edge); }`,
  )
  .join("\n")}
`;

const legend = [
  ["convolution", "convolution"],
  ["pooling", "pooling"],
  ["dense", "dense"],
  ["joining", "sum or concatenation"],
  ["other", "other"],
] as const;

/**
 * Draws a network as an SVG file: each layer with its kind, kernel, stride, name, output shape and number of parameters, how layers
 * hang together, and by a bar where the parameters are. See {@link networkDiagram} for the layout.
 *
 * @throws OptionError for a wrong option
 */
export function drawNetwork(model: Model, options: NetworkDiagramOptions = {}): string {
  const diagram = networkDiagram(model, options);
  const { parameters, flops } = model.summary();
  const facts = [
    `input ${shapeText(model.inputShape)}`,
    `${countText(parameters)} parameters`,
    `${flops >= 1e9 ? `${(flops / 1e9).toFixed(2)} G` : `${(flops / 1e6).toFixed(2)} M`}FLOPs for one image`,
  ];
  const width =
    Math.max(diagram.width, widthOf(diagram.model, 17), widthOf(facts.join(" \u00b7 ")), legendWidth()) +
    2 * margin;
  const height = diagram.height + headHeight + footHeight + margin;
  // In the middle, where the words are wider than the net.
  const left = (width - diagram.width) / 2;
  return `${html`<svg xmlns="http://www.w3.org/2000/svg" class="network" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" role="img" aria-label="${describe(diagram, facts)}">
<style>${new Html(style)}</style>
<rect width="100%" height="100%" fill="var(--paper)"/>
<text class="head" x="${margin}" y="${margin + 8}">${diagram.model}</text>
<text class="soft" x="${margin}" y="${margin + 24}">${facts.join(" \u00b7 ")}</text>
<g transform="translate(${round(left)} ${headHeight + margin / 2})">
${diagram.frames.map(drawFrame)}
<path class="edge" d="${diagram.edges.map(edgePath).join("")}"/>
<path class="tip" d="${diagram.edges.map(tipPath).join("")}"/>
${diagram.nodes.map((node) => drawNode(node, parameters))}
${diagram.labels.map(({ text, x, y }) => html`<text class="soft" x="${round(x)}" y="${round(y)}">${text}</text>`)}
</g>
${drawLegend(height - 18, new Set(diagram.nodes.map(({ family }) => family)))}
</svg>`}\n`;
}

function drawFrame({ x, y, width, height, title, repeats }: DiagramFrame): Html {
  const count = repeats === 1 ? null : html`<tspan class="repeats">  \u00d7 ${repeats}</tspan>`;
  return html`<rect class="frame" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="8"/>
<text class="frame-title" x="${round(x + width - 9)}" y="${round(y + 15)}">${title}${count}</text>
`;
}

/** Corners are round. All lines are one path, so that those on top of each other do not get darker. */
function edgePath({ points }: DiagramEdge): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${round(first[0])} ${round(first[1])}`;
  let before = first;
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1];
    if (next === undefined) return `${path}L${round(point[0])} ${round(point[1] - tip)}`;
    const [begin, end] = [towards(point, before), towards(point, next)];
    path += `L${round(begin[0])} ${round(begin[1])}Q${round(point[0])} ${round(point[1])} ${round(end[0])} ${round(end[1])}`;
    before = point;
  }
  return path;
}

/** Touches the box that a line leads to. */
function tipPath({ points }: DiagramEdge): string {
  const [x, y] = points[points.length - 1];
  return `M${round(x)} ${round(y)}l-3.5 -${tip}h7z`;
}

const tip = 6;
const roundness = 5;

/** A point a little way from a corner. */
function towards([x, y]: readonly [number, number], [otherX, otherY]: readonly [number, number]) {
  const distance = Math.hypot(otherX - x, otherY - y);
  const way = Math.min(roundness, distance / 2) / (distance || 1);
  return [x + (otherX - x) * way, y + (otherY - y) * way] as const;
}

function drawNode(node: DiagramNode, allParameters: number): Html {
  const { x, y, width, height, family, layers, parameters, note } = node;
  const bar = allParameters === 0 ? 0 : (parameters / allParameters) * (width - 10);
  const lines = boxLines(node).map(({ kind, text, right }, index) => {
    const baseline = round(y + 5 + (index + 1) * boxLine - 3.5);
    const own = html`<text class="${kind}" x="${round(x + padding)}" y="${baseline}">${fitted(text, width - 2 * padding, kind === "title")}</text>`;
    return right === ""
      ? own
      : html`${own}<text class="${kind} right" x="${round(x + width - padding)}" y="${baseline}">${right}</text>`;
  });
  return html`<g><title>${layers.join(", ")}</title><rect class="box ${family}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="5"/>
${bar < leastBar ? null : html`<rect class="share ${family}-share" x="${round(x + 5)}" y="${round(y + height - 4)}" width="${round(bar)}" height="2.6" rx="1.3"/>`}${lines}${
  note === null
    ? null
    : html`<text class="note" x="${round(x + width + 6)}" y="${round(y + height / 2 + 4)}">${note}</text>`
}</g>
`;
}

const padding = 8;
/** In pixels; less is a speck. */
const leastBar = 2;

/** A line of text that stays in its box, whatever the typeface. */
function fitted(text: string, most: number, isBold: boolean): string {
  const fits = (shown: string) => widthOf(shown, fontSize, isBold) <= most;
  if (fits(text)) return text;
  const letters = [...text];
  while (letters.length > 1 && !fits(`${letters.join("")}\u2026`)) letters.pop();
  return `${letters.join("")}\u2026`;
}

function legendWidth(): number {
  return legend.reduce((sum, [, text]) => sum + widthOf(text) + 36, widthOf(shareWords) + 40);
}

const shareWords = "share of the parameters";

/** Of the colours that there are in the drawing. */
function drawLegend(y: number, families: ReadonlySet<LayerFamily>): Html {
  let x = margin;
  const shown = legend.filter(([family]) => families.has(family));
  const entries = shown.map(([family, text]) => {
    const own = html`<rect class="box ${family}" x="${x}" y="${round(y - 9)}" width="12" height="12" rx="3"/><text class="soft" x="${x + 18}" y="${round(y + 1)}">${text}</text>`;
    x += widthOf(text) + 36;
    return own;
  });
  return html`${entries}<rect class="share other-share" x="${x}" y="${round(y - 4)}" width="16" height="2.6" rx="1.3"/><text class="soft" x="${x + 22}" y="${round(y + 1)}">${shareWords}</text>`;
}

/** What is drawn, for who does not see it. */
function describe({ model, nodes }: NetworkDiagram, facts: readonly string[]): string {
  return `${model}: ${facts.join(", ")}; ${nodes.map(({ title }) => title).join(" \u2192 ")}`;
}

/** To a tenth of a pixel: files stay small. */
function round(pixels: number): string {
  return String(Math.round(pixels * 10) / 10);
}
