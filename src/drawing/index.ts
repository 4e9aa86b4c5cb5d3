export { type ColourMap, colourMaps, colourTable, type SignedColourMap } from "./colour-map.ts";
export { type HeatAxis, type HeatMap, heatMap } from "./heat-map.ts";
export { heatStyle } from "./heat-style.ts";
export { type Content, Html, html } from "./html.ts";
export { imageAddress, photoFormat } from "./image-address.ts";
export { textWidth } from "./lettering.ts";
export { type ChartAxis, type ChartLine, type LineChart, lineChart, lineKey } from "./line-chart.ts";
export { counted, duration, grouped, percent, short, wilsonInterval } from "./numbers.ts";
export { type OverlayOptions, overlay, stretched } from "./overlay.ts";
export { type Page, page, svgFile } from "./page.ts";
export { type PaintOptions, paintMap, paintRange } from "./paint-map.ts";
export {
  type PictureSheet,
  pictureSheet,
  pictureSheetSvg,
  type SheetPicture,
  type SheetSection,
  sheetHeight,
} from "./picture-sheet.ts";
export { style } from "./style.ts";
