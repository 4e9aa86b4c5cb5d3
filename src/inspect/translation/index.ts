export type { DistanceFigures, MoveFigures, TranslationFigures, TranslationMap } from "./figures.ts";
export type { FlippedImage } from "./flips.ts";
export type { MoveBackground } from "./margin.ts";
export { distanceOf, type PixelMove } from "./moves.ts";
export { type ImageTranslations, type ImageTranslationsOptions, imageTranslations } from "./of-image.ts";
export {
  curves,
  type FigureName,
  figureNames,
  flipCards,
  type MovedModel,
  mapsOf,
  moveInWords,
  shareText,
  summaryTable,
  type TranslationReport,
  translationDrawing,
  translationReport,
  translationSheet,
  translationStyles,
} from "./report/index.ts";
export { type TranslationMapOptions, translationMap } from "./translation-map.ts";
