export {
  type FigureName,
  figureNames,
  figures,
  type MovedModel,
  moveInWords,
  shareText,
  type TranslationReport,
} from "./content.ts";
export { curveByDistance } from "./curves.ts";
export { translationDrawing, translationSheet } from "./files.ts";
export { flipCards } from "./flips.ts";
export { curves, mapsOf, summaryTable, translationReport, translationStyles } from "./page.ts";
