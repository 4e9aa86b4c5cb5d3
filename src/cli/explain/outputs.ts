import { basename, join } from "node:path";
import { type PictureSheet, percent, pictureSheet } from "../../drawing/index.ts";
import { jsonText, writeOutput, writeSheet } from "../output-file.ts";
import { methodTexts } from "./method-texts.ts";
import { mapPicture } from "./pictures.ts";
import { type ExplainReport, explainPage, noteOf } from "./report.ts";

/** Writes an explanation. @throws FileError where it cannot be written */
export async function writeExplanation(out: string, report: ExplainReport): Promise<void> {
  await writeSheet(out, {
    page: () => explainPage(report),
    sheet: () => sheetOf(report),
    document: () => explainDocument(report, true),
    folder: (path) => writeFolder(path, report),
  });
}

async function writeFolder(folder: string, report: ExplainReport): Promise<void> {
  await writeOutput(join(folder, "report.html"), await explainPage(report));
  await writeOutput(join(folder, "sheet.png"), pictureSheet(sheetOf(report)));
  await writeOutput(join(folder, "explanation.json"), jsonText(explainDocument(report, true)));
  for (const [index, { name, image, classes }] of report.photos.entries()) {
    for (const { name: className, maps } of classes) {
      for (const map of maps) {
        // Names of files and classes may hold what a path cannot.
        const words = [basename(name).replace(/\.[^.]*$/, ""), className, map.method].map(plain);
        await writeOutput(join(folder, `${index + 1}-${words.join("-")}.png`), mapPicture(image, map));
      }
    }
  }
}

const plain = (word: string) =>
  word
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, 60);

function sheetOf({ model, photos }: ExplainReport): PictureSheet {
  return {
    title: `What ${basename(model) || model} looks at`,
    // Of photos as most nets take them, and wide enough for the names of all methods.
    side: 224,
    sections: photos.flatMap(({ name, image, classes }) =>
      classes.map((one) => ({
        title: `${basename(name)}: ${one.name}, ${percent(one.probability)}`,
        note: `score ${one.score.toFixed(2)}; ${one.maps.flatMap((map) => noteOf(map) ?? []).join("; ")}`,
        pictures: [
          { image, caption: "the photo" },
          ...one.maps.map((map) => ({
            image: mapPicture(image, map),
            caption: methodTexts[map.method].title,
          })),
        ],
      })),
    ),
  };
}

/** The numbers. @param withValues - whether the maps are among them */
export function explainDocument({ model, photos, problems, notes }: ExplainReport, withValues: boolean) {
  return {
    model,
    photos: photos.map(({ name, top, classes }) => ({
      input: name,
      top,
      classes: classes.map(({ maps, ...one }) => ({
        ...one,
        maps: maps.map(({ method, values, isSigned, completeness }) => ({
          method,
          isSigned,
          completeness,
          least: least(values.data),
          greatest: greatest(values.data),
          ...(withValues && {
            shape: values.shape,
            values: Array.from(values.data, (value) => Number(value.toPrecision(6))),
          }),
        })),
      })),
    })),
    problems,
    notes,
  };
}

const least = (values: Float32Array) =>
  values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
const greatest = (values: Float32Array) =>
  values.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
