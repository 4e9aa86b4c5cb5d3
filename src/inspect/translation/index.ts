export type { DistanceFigures, MoveFigures, TranslationFigures, TranslationMap } from "./figures.ts";
export type { FlippedImage } from "./flips.ts";
export type { MoveBackground } from "./margin.ts";
export { distanceOf, type PixelMove } from "./moves.ts";
export { type ImageTranslations, type ImageTranslationsOptions, imageTranslations } from "./of-image.ts";
export { type TranslationMapOptions, translationMap } from "./translation-map.ts";
