/**
 * How pages look: readable in the light, in the dark and on paper, from 320 pixels on. Colours of text have a contrast of at
 * least 4.5 to what is behind them, in both.
 */
export const style = `
:root {
  color-scheme: light dark;
  --page: #fbfbf9; --card: #ffffff; --text: #1b1e23; --soft: #565d68; --edge: #d9dce1;
  --right: #0b7a5c; --wrong: #b3420e; --bar: #0b7a5c; --shade: 62%;
  --line0: #1f5fbf; --line1: #b3420e; --line2: #0b7a5c; --line3: #8a3fb0; --line4: #7a6200; --line5: #a8235f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --card: #1c1f25; --text: #e8eaee; --soft: #a5acb8; --edge: #363b45;
    --right: #3fc39b; --wrong: #f0925f; --bar: #2f9d7c; --shade: 48%;
    --line0: #7fb0ff; --line1: #f0925f; --line2: #3fc39b; --line3: #cf9bf0; --line4: #d9bd4a; --line5: #ff8fb8;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 48px 0 6px; }
h3 { font-size: 1.02rem; margin: 26px 0 8px; }
p { margin: 0 0 12px; max-width: 74ch; }
.soft, caption { color: var(--soft); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 18px; padding: 0; margin: 14px 0 0; }
a { color: inherit; text-underline-offset: 3px; }
bdi { overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 165px), 1fr)); gap: 12px; margin: 22px 0 0; padding: 0; }
.tile { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 12px 16px; }
.tile dt { color: var(--soft); font-size: .86rem; }
.tile dd { margin: 0; font-size: 1.7rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile dd small { display: block; font-size: .84rem; font-weight: 400; color: var(--soft); line-height: 1.35; }
.wide { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 8px; font-size: .92rem; }
th, td { padding: 6px 12px; text-align: right; border-bottom: 1px solid var(--edge); vertical-align: middle; }
th:first-child, td:first-child { padding-left: 0; }
thead th { font-weight: 600; color: var(--soft); font-size: .88rem; vertical-align: bottom; }
tbody th { font-weight: 550; }
th[scope=row], .name { text-align: left; min-width: 5em; max-width: 22em; overflow-wrap: anywhere; }
tfoot th, tfoot td { border-bottom: 0; font-weight: 600; }
.beside { display: flex; flex-wrap: wrap; gap: 0 44px; } .beside > div { max-width: 100%; min-width: 0; }
.beside p { max-width: 62ch; } .beside > div:first-child p { max-width: 27ch; }
.matrix td { text-align: center; min-width: 3.4em; border: 2px solid var(--page); border-radius: 6px; }
.matrix thead th { text-align: center; max-width: 8em; overflow-wrap: anywhere; min-width: 3.4em; }
.matrix th { border-bottom: 0; }
.matrix td.hit { background: color-mix(in srgb, var(--right) calc(var(--share) * var(--shade)), var(--card)); }
.matrix td.miss { background: color-mix(in srgb, var(--wrong) calc(var(--share) * var(--shade)), var(--card)); }
.meter { display: flex; align-items: center; gap: 10px; justify-content: flex-end; }
.meter i { display: block; width: 76px; height: 9px; border-radius: 5px; background: var(--edge); overflow: hidden; flex: none; }
.meter i b { display: block; height: 100%; background: var(--bar); }
.meter span { min-width: 4.2em; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 16px; max-width: 960px; margin-bottom: 10px; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 12px 14px; margin: 0; }
.chart { display: block; width: 100%; height: auto; }
.chart .grid { stroke: var(--edge); }
.chart .tick { fill: var(--soft); font-size: 12px; }
.chart .line, .key .line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.line0 { stroke: var(--line0); } .line1 { stroke: var(--line1); stroke-dasharray: 6 4; }
.line2 { stroke: var(--line2); stroke-dasharray: 2 3; } .line3 { stroke: var(--line3); stroke-dasharray: 10 4; }
.line4 { stroke: var(--line4); stroke-dasharray: 8 3 2 3; } .line5 { stroke: var(--line5); stroke-dasharray: 4 2; }
.chart .dot { stroke-dasharray: none; } .chart .dot.line0 { fill: var(--line0); } .chart .dot.line1 { fill: var(--line1); }
.chart .dot.line2 { fill: var(--line2); } .chart .dot.line3 { fill: var(--line3); }
.chart .dot.line4 { fill: var(--line4); } .chart .dot.line5 { fill: var(--line5); }
.chart .name { fill: var(--text); font-size: 12px; text-anchor: start; }
.chart .marked { stroke: var(--soft); stroke-dasharray: 2 3; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 6px 0 0; list-style: none; font-size: .88rem; color: var(--soft); }
/* The key of a line, beside its name. */
.legend .key { display: inline-block; width: 26px; height: 8px; vertical-align: middle; margin-right: 7px; }
details { margin: 10px 0; } summary { cursor: pointer; }
ul.plain { padding-left: 1.2em; margin: 0; } ul.plain li { margin-bottom: 6px; }
footer { margin-top: 56px; color: var(--soft); font-size: .86rem; }
@media (max-width: 520px) {
  main { padding: 20px 14px 40px; }
  .meter i { display: none; } .meter span { min-width: 0; }
  th, td { padding: 6px; } th[scope=row], .name { min-width: 7.6em; }
}
@media print {
  :root {
    --page: #ffffff; --card: #ffffff; --text: #000000; --soft: #444444; --edge: #bbbbbb;
    --right: #0b7a5c; --wrong: #b3420e; --bar: #0b7a5c; --shade: 45%;
    --line0: #1f5fbf; --line1: #b3420e; --line2: #0b7a5c; --line3: #8a3fb0; --line4: #7a6200; --line5: #a8235f;
  }
  * { print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  h2, h3 { break-after: avoid; } tr, .card, .tile { break-inside: avoid; }
  .wide { overflow: visible; }
}
`;
