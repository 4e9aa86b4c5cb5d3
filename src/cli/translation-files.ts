import type { DecodedImage } from "#host";
import {
  type MovedModel,
  type TranslationMap,
  type TranslationReport,
  translationDrawing,
  translationReport,
  translationSheet,
} from "../inspect/index.ts";
import type { outputKinds } from "./commands/translation.ts";
import { csvRow } from "./csv-row.ts";

/** One model of the document that `fovea translation --json` prints. */
export interface TranslationDocumentModel extends TranslationMap {
  readonly name: string;
  readonly parameters: number;
}

/** What `fovea translation --json` prints, and `--out x.json` holds. */
export interface TranslationDocument {
  readonly data: string;
  readonly models: readonly TranslationDocumentModel[];
}

/** The figures alone, without pictures. */
export function translationDocument({ data, models }: TranslationReport): TranslationDocument {
  return { data, models: models.map(({ name, parameters, map }) => ({ name, parameters, ...map })) };
}

/** A line for each model and move. */
function translationTable(models: readonly MovedModel[]): string {
  const heading = ["model", "dx", "dy", "accuracy", "loss", "consistency", "examples"];
  const rows = models.flatMap(({ name, map }) =>
    map.moves.map(({ dx, dy, accuracy, loss, consistency, examples }) =>
      csvRow([name, dx, dy, accuracy, loss, consistency, examples]),
    ),
  );
  return [csvRow(heading), ...rows].join("");
}

/** How a report is written, by the ending of its file. */
export const translationFiles: {
  readonly [K in (typeof outputKinds)[number]]: (
    report: TranslationReport,
  ) => string | DecodedImage | Promise<string>;
} = {
  html: translationReport,
  svg: translationDrawing,
  png: translationSheet,
  json: (report) => `${JSON.stringify(translationDocument(report), null, 2)}\n`,
  csv: ({ models }) => translationTable(models),
};
