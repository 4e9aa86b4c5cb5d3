import { percent } from "../../drawing/index.ts";
import type { Engine } from "../../engine/engine.ts";
import type { FeaturesMapFlags } from "../commands/features-map.ts";
import { mapsDocument, writeFeaturesMap } from "../features-map/outputs.ts";
import { type FeaturesMap, labelOf, seeImages } from "../features-map/seen.ts";
import { type ReferredImage, readReferredImage } from "../image-reference.ts";
import { openModel } from "../model-reference.ts";
import { prepareSheet } from "../output-file.ts";
import { renderTable } from "../terminal/table.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

const defaultOut = "maps.html";
const defaultMaps = 16;

/** Shows what layers make of images. @param engine - awaited only when all else is at hand */
export async function featuresMap(
  reference: string,
  names: readonly string[],
  flags: FeaturesMapFlags,
  engine: Promise<Engine>,
  terminal: Terminal,
): Promise<void> {
  const out = flags.out ?? (flags.json === true ? null : defaultOut);
  if (out !== null) await prepareSheet(out);
  const { model } = await openModel(reference, { flags, engine, terminal });
  const reading = {
    ...(flags.fit === undefined ? {} : { fit: flags.fit }),
    quiet: flags.json === true,
  };
  const images: ReferredImage[] = [];
  for (const name of names) images.push(await readReferredImage(name, model, reading, terminal));
  const layers = flags.layer?.split(",").map((layer) => layer.trim()) ?? null;
  const map = await seeImages(reference, model, images, layers, flags.maps ?? defaultMaps);
  if (out !== null) await writeFeaturesMap(out, map);
  if (flags.json === true) printJson(terminal, mapsDocument(map, false));
  else terminal.out(`${describe(map)}Written to ${out}\n`);
}

function describe({ images, layers }: FeaturesMap): string {
  const seen = images.map((image) => `${image.name}: ${labelOf(image, percent)}\n`).join("");
  if (images.length !== 2) return seen;
  const rows = layers.map(({ name, distances: [one] }) => [
    name,
    one.euclidean.toFixed(3),
    one.cosine.toFixed(3),
  ]);
  const columns = [
    { heading: "layer" },
    { heading: "distance", align: "right" },
    { heading: "cosine", align: "right" },
  ] as const;
  return `${seen}${renderTable(columns, rows)}\n`;
}
