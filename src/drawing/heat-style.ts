import { channelsOf, hexOf, luminanceOf, mixedColours } from "./colour-mix.ts";

/** Levels of a heat map; the middle of a diverging one is a level. */
export const heatLevels = 33;

/** Colours of both kinds in the light and in the dark: nothing recedes into the page, much stands out. */
const stops = {
  sequential: {
    light: ["#f1f5fa", "#a9c8ea", "#4a8fd3", "#1b57a0", "#0a2550"],
    dark: ["#20262f", "#1f4a80", "#3f85cf", "#8dbcf2", "#e3f0ff"],
  },
  diverging: {
    light: ["#7d3606", "#d97b31", "#f3cba9", "#f3f1ed", "#b9d2ee", "#4d8bd6", "#123f7d"],
    dark: ["#ffd3ac", "#dd8240", "#7c4113", "#24272d", "#25508a", "#5d9be6", "#b5d6ff"],
  },
} as const;

/** What tells the kinds apart in class names. */
export const heatPrefix = { sequential: "s", diverging: "d" } as const;

function levels(theme: "light" | "dark"): string {
  const kinds = ["sequential", "diverging"] as const;
  return kinds
    .flatMap((kind) =>
      mixedColours(stops[kind][theme], heatLevels).map((colour, level) => {
        const name = `${heatPrefix[kind]}${level}`;
        // Whichever of both stands out more.
        const ink = inkOn(hexOf(colour));
        return `.heat .${name}{fill:${hexOf(colour)}}.heat .t${name}{fill:${ink}}`;
      }),
    )
    .join("\n");
}

/** Black or white, whichever has the greater contrast to a colour. */
export function inkOn(hex: string): "#000000" | "#ffffff" {
  const luminance = luminanceOf(channelsOf(hex));
  return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? "#000000" : "#ffffff";
}

/** The colours of heat maps, for pages that have any. */
export const heatStyle = `
.heat .cell { stroke: var(--page); stroke-width: 1; }
.heat .none { fill: none; stroke: var(--edge); }
.heat .value { font-size: 11px; text-anchor: middle; }
.heat .mark { fill: none; stroke: var(--text); stroke-width: 2; }
.heat .legend-edge { fill: none; stroke: var(--edge); }
${levels("light")}
@media (prefers-color-scheme: dark) {
${levels("dark")}
}
@media print {
${levels("light")}
}
`;
