import type { DecodedImage } from "#host";
import {
  counted,
  type Html,
  html,
  imageAddress,
  lineChart,
  page,
  percent,
  short,
} from "../../drawing/index.ts";
import { shapeText } from "../../inspect/diagram/describe.ts";
import { libraryVersion } from "../version.ts";
import { channelPictures, colourRange, isMap, rowPicture } from "./pictures.ts";
import { type FeaturesMap, labelOf, type SeenLayer } from "./seen.ts";

/** The page: how far the images are apart, and every layer's maps. */
export async function featuresMapPage(map: FeaturesMap): Promise<string> {
  const { images, layers } = map;
  const title = `What ${nameOf(map.model)} makes of ${images.length === 1 ? "an image" : `${images.length} images`}`;
  const sections: Html[] = [];
  for (const [index, layer] of layers.entries()) sections.push(await layerSection(map, layer, index));
  const shown: Html[] = [];
  for (const image of images) {
    shown.push(
      html`<figure><img class="pixels" width="112" src="${await imageAddress(image.picture, "png")}" alt="${image.name}"><figcaption title="${image.name}"><bdi>${nameOf(image.name)}</bdi><br><span class="soft">${labelOf(image, percent)}</span></figcaption></figure>`,
    );
  }
  return page({
    title,
    content: html`<header><h1>${title}</h1>
<div class="images">${shown}</div></header>
${distanceSection(map)}
<section id="layers"><h2>Layer by layer</h2>
<p>Each small picture is one map: what one filter makes of an image${images.length > 1 ? ", one image below the other" : ""}. Colours mean the same in all maps of a layer: white is 0, blue is above it, orange below. Above a map is the filter that makes it, as the kernels of the channels that it sees.</p></section>
${sections}`,
    footer: `Made by Fovea ${libraryVersion()}.`,
    styles: [mapsStyle],
  });
}

const nameOf = (path: string) =>
  path
    .split(/[/\\]/)
    .filter((part) => part !== "")
    .at(-1) ?? path;

/** Longer tables are folded. */
const mostRows = 24;
/** Pairs that are drawn; more lines cannot be told apart. */
const mostPairs = 6;

function distanceSection({ images, layers }: FeaturesMap): Html | null {
  const [first] = layers;
  if (images.length < 2 || first === undefined) return null;
  const pairs = first.distances;
  const names = layers.map(({ name }) => name);
  const pairName = ({ a, b }: { readonly a: number; readonly b: number }) => `${a + 1} and ${b + 1}`;
  const lines =
    pairs.length === 1
      ? [
          { name: "Euclidean", values: layers.map(({ distances: [one] }) => one.euclidean) },
          { name: "cosine", values: layers.map(({ distances: [one] }) => one.cosine) },
        ]
      : pairs.slice(0, mostPairs).map((pair, index) => ({
          name: pairName(pair),
          values: layers.map(({ distances }) => distances[index].euclidean),
        }));
  const chart = (measure: string) =>
    html`<figure class="card wide curve">${lineChart({ title: measure, lines, across: { title: "layer", names }, named: true, size: [900, 330] })}</figure>`;
  const numbers = (value: number) => value.toFixed(3);
  const table = html`<div class="wide"><table><caption>Distance at each layer${pairs.length > 1 ? ", Euclidean / cosine, by pair of images" : null}</caption>
<thead><tr><th scope="col" class="name">layer</th>${pairs.length === 1 ? html`<th scope="col">Euclidean</th><th scope="col">cosine</th>` : pairs.map((pair) => html`<th scope="col">${pairName(pair)}</th>`)}</tr></thead>
<tbody>${layers.map(
    ({ name, distances }) =>
      html`<tr><th scope="row"><bdi>${name}</bdi></th>${
        distances.length === 1
          ? html`<td>${numbers(distances[0].euclidean)}</td><td>${numbers(distances[0].cosine)}</td>`
          : distances.map(
              ({ euclidean, cosine }) => html`<td>${numbers(euclidean)} / ${numbers(cosine)}</td>`,
            )
      }</tr>`,
  )}</tbody></table></div>`;
  return html`<section id="distances"><h2>How ${images.length === 2 ? "the two grow" : "they grow"} apart</h2>
<p>Relative Euclidean distance |a \u2212 b| / \u221a(|a|\u00b2 + |b|\u00b2) and cosine distance 1 \u2212 a\u00b7b / (|a| |b|) of what a layer makes of two images: 0 of the same, 1 of numbers that have nothing in common.</p>
${chart(pairs.length === 1 ? "distance" : "Euclidean distance")}
${pairs.length > mostPairs ? html`<p class="soft">The first ${mostPairs} of ${pairs.length} pairs; all of them are in the table.</p>` : null}
${layers.length > mostRows ? html`<details><summary>${counted(layers.length, "layer")} in numbers</summary>${table}</details>` : table}</section>`;
}

async function layerSection(map: FeaturesMap, layer: SeenLayer, index: number): Promise<Html> {
  const { name, title, range, zeros, passesOn } = layer;
  const [least, greatest] = range;
  const facts = [
    shapeText(layer.shape),
    `${short(least)} to ${short(greatest)}`,
    zeros >= 0.005 ? `${percent(zeros)} are 0` : null,
    fieldText(layer),
    distanceText(layer),
  ].filter((fact) => fact !== null);
  return html`<section class="layer" id="layer${index}"><h3><bdi>${name}</bdi>${name === title ? null : html` <span class="soft">${title}</span>`}</h3>
<p class="soft">${facts.join(" \u00b7 ")}</p>
${passesOn ? html`<p class="soft">The same numbers as before.</p>` : isMap(layer) ? await mapsOf(map, layer) : await rowsOf(map, layer)}</section>`;
}

/** How much of the image a unit sees. */
export function fieldText({ field }: SeenLayer): string | null {
  const figures = field?.figures ?? null;
  if (figures === null) return null;
  const { rows, columns } = figures;
  const size = `${rows.size}\u00d7${columns.size}`;
  return `a unit sees ${size} pixel${size === "1\u00d71" ? "" : "s"}${rows.stride > 1 ? `, every ${rows.stride}` : ""}`;
}

/** Of two images. */
export function distanceText({ distances }: SeenLayer): string | null {
  const [one, more] = distances;
  if (one === undefined || more !== undefined) return null;
  return `distance ${one.euclidean.toFixed(3)}, cosine ${one.cosine.toFixed(3)}`;
}

async function mapsOf({ images, most }: FeaturesMap, layer: SeenLayer): Promise<Html> {
  const pictures = channelPictures(layer, most);
  const [height, width, channels] = layer.shape;
  const side = shownSide(Math.max(height, width));
  const picture = async (image: DecodedImage, kind: string, words: string) =>
    html`<img class="pixels ${kind}" width="${Math.round((side * image.width) / Math.max(image.width, image.height))}" src="${await imageAddress(image, "png")}" alt="${words}">`;
  const figures: Html[] = [];
  for (const { channel, filter, maps } of pictures) {
    const own: Html[] = [];
    if (filter !== null) own.push(await picture(filter, "filter", `filter ${channel}`));
    for (const [index, one] of maps.entries()) {
      own.push(await picture(one, "map", `map ${channel} of ${images[index].name}`));
    }
    figures.push(html`<figure>${own}<figcaption>${channel}</figcaption></figure>`);
  }
  const rest = channels - pictures.length;
  return html`<div class="maps" style="--side:${side}px">${figures}</div>${rest > 0 ? html`<p class="soft">${counted(rest, "more map")}; --maps ${channels} shows all.</p>` : null}`;
}

/** Small maps are magnified a whole number of times. */
function shownSide(side: number): number {
  return side >= 84 ? 96 : side * Math.max(1, Math.floor(84 / side));
}

/** So many numbers have names of their own: bars. */
const mostBars = 12;

async function rowsOf({ images, layers, classNames }: FeaturesMap, layer: SeenLayer): Promise<Html> {
  const [size = 1] = layer.shape;
  const unitNames = layer === layers.at(-1) && classNames?.length === size ? classNames : null;
  if (layer.shape.length === 1 && size <= mostBars) return barsOf(images.length, layer, unitNames);
  const rows: Html[] = [];
  for (const [index, { name }] of images.entries()) {
    const picture = rowPicture(layer, index);
    rows.push(
      html`<div class="row"><span class="soft"><bdi>${nameOf(name)}</bdi></span><img class="pixels" src="${await imageAddress(picture, "png")}" alt="the numbers of ${name}" style="aspect-ratio:${picture.width}/${picture.height}"></div>`,
    );
  }
  return html`<div class="rows">${rows}</div>`;
}

function barsOf(count: number, layer: SeenLayer, classNames: readonly string[] | null): Html {
  const [size = 1] = layer.shape;
  const [, reach] = colourRange(layer);
  const value = (image: number, unit: number) => layer.values.data[image * size + unit];
  const bar = (image: number, unit: number) => {
    const own = value(image, unit);
    const share = Math.min(1, Math.abs(own) / reach) * 100;
    return html`<td><span class="signed"><i class="${own < 0 ? "below" : "above"}" style="width:${short(share / 2)}%"></i></span>${short(own)}</td>`;
  };
  return html`<div class="wide"><table class="units"><thead><tr><th scope="col" class="name">${classNames === null ? "unit" : "class"}</th>${Array.from({ length: count }, (_, image) => html`<th scope="col">image ${image + 1}</th>`)}</tr></thead>
<tbody>${Array.from({ length: size }, (_, unit) => html`<tr><th scope="row"><bdi>${classNames?.[unit] ?? unit}</bdi></th>${Array.from({ length: count }, (_image, image) => bar(image, unit))}</tr>`)}</tbody></table></div>`;
}

const mapsStyle = `
.images { display: flex; flex-wrap: wrap; gap: 20px; margin-top: 18px; }
.images figure { margin: 0; max-width: 220px; } .images figcaption { font-size: .88rem; margin-top: 4px; }
.pixels { image-rendering: pixelated; display: block; height: auto; max-width: 100%; border: 1px solid var(--edge); }
.layer h3 { font-size: 1.08rem; margin: 34px 0 2px; } .layer h3 .soft { font-weight: 400; margin-left: 6px; }
.curve svg { min-width: 640px; }
.layer > .soft { font-size: .88rem; max-width: none; margin-bottom: 10px; font-variant-numeric: tabular-nums; }
.maps { display: flex; flex-wrap: wrap; gap: 10px; }
.maps figure { margin: 0; width: var(--side); min-width: 40px; break-inside: avoid; }
.maps figure img { margin-bottom: 4px; } .maps .filter { border: 0; margin-bottom: 6px; }
.maps figcaption { font-size: .76rem; color: var(--soft); text-align: center; }
.row { margin-bottom: 8px; max-width: 900px; } .row span { font-size: .82rem; } .row .pixels { width: 100%; }
.units td { min-width: 150px; } .units th, .units td { padding: 2px 10px; font-size: .88rem; white-space: nowrap; }
.signed { display: inline-block; position: relative; width: 84px; height: 9px; margin-right: 8px; background: linear-gradient(var(--edge), var(--edge)) center / 1px 100% no-repeat; vertical-align: middle; }
.signed i { position: absolute; top: 0; height: 100%; } .signed .above { left: 50%; background: var(--line1); } .signed .below { right: 50%; background: var(--line0); }
@media print { .layer { break-inside: auto; } .maps { gap: 6px; } }
`;
