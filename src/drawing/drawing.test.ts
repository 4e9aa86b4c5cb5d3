import { describe, expect, test } from "vitest";
import { messageOf } from "../testing/error-message.ts";
import { placeTicks, valueTicks } from "./axes.ts";
import { colourMaps, colourTable } from "./colour-map.ts";
import { mixedColours } from "./colour-mix.ts";
import { heatMap } from "./heat-map.ts";
import { heatStyle } from "./heat-style.ts";
import { Html, html } from "./html.ts";
import { lineChart } from "./line-chart.ts";
import { duration, percent, short, wilsonInterval } from "./numbers.ts";
import { page, svgFile } from "./page.ts";
import { style } from "./style.ts";

describe("parts", () => {
  test("axes have round numbers", () => {
    const epochs = (count: number) => placeTicks(Array.from({ length: count }, (_, index) => index + 1));
    expect(epochs(1)).toEqual([1]);
    expect(epochs(7)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(epochs(12)).toEqual([2, 4, 6, 8, 10, 12]);
    expect(epochs(114)).toEqual([20, 40, 60, 80, 100]);
    expect(placeTicks([-6, 0, 6])).toEqual([-6, -4, -2, 0, 2, 4, 6]);
    expect(placeTicks([0, 0.5, 1])).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(placeTicks([0.5])).toEqual([0.5]);
    expect(valueTicks([-1, 1], null)).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(valueTicks([1.1, 0.09], null)).toEqual([0, 0.5, 1, 1.5]);
    expect(valueTicks([0.88, 0.97], 1)).toEqual([0.85, 0.9, 0.95, 1]);
    expect(valueTicks([0], null)).toEqual([0, 0.2]);
    expect(valueTicks([1], 1)).toEqual([0.9, 0.92, 0.94, 0.96, 0.98, 1]);
  });

  test("templates escape text, in attributes and lists too, and keep HTML", () => {
    const text = `<a href="x">'&`;
    expect(String(html`<p title="${text}">${[text, 1, null]}${new Html("<br>")}</p>`)).toBe(
      `<p title="&lt;a href=&quot;x&quot;&gt;&#39;&amp;">&lt;a href=&quot;x&quot;&gt;&#39;&amp;1<br></p>`,
    );
    expect(String(html`${"a\u0000b\ud800c\n"}`)).toBe("a\ufffdb\ufffdc\n");
  });

  test("numbers", () => {
    expect([1, 0.99999, 0.975, 0.5, 0.00001, 0].map(percent)).toEqual(
      ["100", "99.9", "97.5", "50", "0.1", "0"].map((number) => `${number}\u00a0%`),
    );
    expect([0.4, 999.4, 999.6, 12_345, 99_960, 250_000].map(duration)).toEqual([
      "0 ms",
      "999 ms",
      "1.0 s",
      "12.3 s",
      "1 min 40 s",
      "4 min 10 s",
    ]);
    expect([0.012345, 1234, Number.NaN].map(short)).toEqual(["0.0123", "1230", "not a number"]);
    expect(wilsonInterval(9, 10)).toBeCloseToTensor([0.595849973, 0.982123815], { absolute: 1e-6 });
    expect(wilsonInterval(0, 0)).toEqual([0, 1]);
  });
});

describe("charts", () => {
  const across = { title: "epoch", numbers: [1, 2, 3] };

  test("lines: what is not a number is left out, a single value is a dot", () => {
    const lines = [
      { name: "a", values: [0, 1, 2] },
      { name: "b", values: [Number.NaN, 1, Number.NaN] },
    ];
    const drawing = String(lineChart({ title: "loss", lines, across, named: true }));
    // Frame: 50 to 420 - 14 - 6.6 - 6 = 393.4 across, 14 to 192 down.
    expect(drawing).toContain('<polyline class="line line0" points="50,192 221.7,103 393.4,14"/>');
    expect(drawing).toContain('<circle class="line line1 dot" cx="221.7" cy="103" r="4"/>');
    expect(drawing).toContain(
      'aria-label="loss by epoch: a from 0 to 2, b from not a number to not a number"',
    );
    expect(drawing.match(/class="name"[^>]*>[ab]</g)).toEqual(
      ['class="name" x="399.4" y="18">a<', 'class="name" x="399.4" y="107">b<'].map((text) =>
        text.replace("\t", ""),
      ),
    );
  });

  test("lines are named apart, and places by name at a slant", () => {
    const lines = ["a", "b", "c"].map((name) => ({ name, values: [1, 0] }));
    const drawing = String(
      lineChart({
        title: "distance",
        lines,
        across: { title: "layer", names: ["conv1", "conv2"] },
        named: true,
      }),
    );
    const ends = [...drawing.matchAll(/class="name" x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => Number(y));
    expect(ends[1] - ends[0]).toBeCloseTo(14);
    expect(ends[2] - ends[1]).toBeCloseTo(14);
    expect(drawing).toMatch(/text-anchor="end" transform="rotate\(-40 50 [\d.]+\)">conv1</);
    // A long first name has room to its left: 18 letters of 6.6 pixels at a slant of 40 degrees, and 8.
    const long = lineChart({ title: "", lines, across: { title: "", names: ["a_very_long_layer1", "b"] } });
    expect(String(long)).toMatch(
      /text-anchor="end" transform="rotate\(-40 100 [\d.]+\)">a_very_long_layer1</,
    );
  });

  test("lines that cannot be drawn", async () => {
    const line = { name: "a", values: [1, 2, 3] };
    expect(await messageOf(() => lineChart({ title: "t", lines: Array(7).fill(line), across }))).toBe(
      "OptionError: lineChart: 1 to 6 lines over 1 place or more were expected, got 7 over 3. More lines cannot be told apart: draw several charts.",
    );
    expect(
      await messageOf(() => lineChart({ title: "t", lines: [{ name: "a", values: [1] }], across })),
    ).toBe(
      'OptionError: lineChart: the line "a" has 1 values for 3 places. Give one for each place; what is not a number is left out.',
    );
  });

  test("a heat map has a cell for each value, the level of its colour, and a legend", () => {
    const drawing = String(
      heatMap({
        title: "accuracy <by> move",
        values: [
          [0, 0.5],
          [1, Number.NaN],
        ],
        down: { title: "dy", names: [-1, 1] },
        across: { title: "dx", names: [-1, 1] },
        marked: [1, 0],
      }),
    );
    const cells = [...drawing.matchAll(/class="cell (\w+)"[^>]*><title>([^<]*)</g)].map(([, level, name]) => [
      level,
      name,
    ]);
    expect(cells).toEqual([
      ["s0", "dx -1, dy -1: 0"],
      ["s16", "dx 1, dy -1: 0.5"],
      ["s32", "dx -1, dy 1: 1"],
      ["none", "dx 1, dy 1: no value"],
    ]);
    expect(drawing.match(/class="value t(\w+)"[^>]*>([\d.]+)</g)).toHaveLength(3);
    expect(drawing).toContain('class="mark" x="52" y="54"');
    expect(drawing).toContain('aria-label="accuracy &lt;by&gt; move by dx and dy: from 0 to 1"');
    expect(
      [...drawing.matchAll(/class="tick" x="177" y="[\d.]+">([^<]*)</g)].map(([, text]) => text),
    ).toEqual(["0", "0.2", "0.4", "0.6", "0.8", "1"]);
  });

  test("a diverging heat map has its middle at 0", () => {
    const axis = (count: number) => ({ title: "", names: Array.from({ length: count }, (_, at) => at) });
    const drawing = String(
      heatMap({ title: "", values: [[-1, 0, 2]], down: axis(1), across: axis(3), kind: "diverging" }),
    );
    expect([...drawing.matchAll(/class="cell (\w+)"/g)].map(([, level]) => level)).toEqual([
      "d8",
      "d16",
      "d32",
    ]);
  });

  test("heat maps that cannot be drawn", async () => {
    const axis = (count: number) => ({ title: "", names: Array.from({ length: count }, (_, at) => at) });
    expect(
      await messageOf(() => heatMap({ title: "", values: [[1], [1, 2]], down: axis(2), across: axis(1) })),
    ).toBe(
      "OptionError: heatMap: 2 rows of 1 values were expected, got 2 rows of 1, 2. Give each row and each column a name.",
    );
    const row = Array<number>(101).fill(0);
    expect(
      await messageOf(() =>
        heatMap({ title: "", values: Array(100).fill(row), down: axis(100), across: axis(101) }),
      ),
    ).toBe(
      "OptionError: heatMap: 1 to 10000 cells were expected, got 100 x 101. Draw larger maps as pictures: paintMap.",
    );
  });
});

describe("pages", () => {
  test("forbid themselves to load anything, and escape what they are given", () => {
    const made = page({ title: "<a> & b", content: html`<h1>${"<x>"}</h1>`, footer: "Made by a test." });
    expect(made).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`);
    expect(made).toContain("<title>&lt;a&gt; &amp; b</title>");
    expect(made).toContain("<h1>&lt;x&gt;</h1>");
    expect(made).not.toContain("<script");
  });

  test("a drawing becomes a file with its size and style", () => {
    const made = svgFile(html`<svg class="chart" viewBox="0 0 20 10"><rect/></svg>`, [heatStyle]);
    expect(made).toMatch(
      /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="20" height="10" class="chart" viewBox="0 0 20 10">\n<style>/,
    );
    expect(made).toContain(".heat .s0{");
    expect(made.endsWith("<rect/></svg>")).toBe(true);
  });
});

describe("colours", () => {
  test("are mixed so that equal steps look equal, and keep both ends", () => {
    expect(mixedColours(["#000000", "#ffffff"], 3)).toEqual([
      [0, 0, 0],
      [99, 99, 99],
      [255, 255, 255],
    ]);
    expect(mixedColours(["#123456", "#abcdef", "#0a0b0c"], 3)).toEqual([
      [0x12, 0x34, 0x56],
      [0xab, 0xcd, 0xef],
      [0x0a, 0x0b, 0x0c],
    ]);
  });

  test("the middle of the signed map is nearly white, the ends are dark", () => {
    const table = colourTable("orangeBlue");
    expect([...table.subarray(0, 3)]).toEqual([0x7d, 0x36, 0x06]);
    expect([...table.subarray(-3)]).toEqual([0x12, 0x3f, 0x7d]);
    expect(Math.min(...table.subarray(3 * 127, 3 * 129))).toBeGreaterThan(0xe8);
    for (const name of colourMaps) expect(colourTable(name)).toHaveLength(768);
  });
});

describe("contrast is at least 4.5 (WCAG 2.2, 1.4.3)", () => {
  /** The palettes of the light, the dark and of paper, in the order in which they stand in the style. */
  const palettes = [...style.matchAll(/:root \{(.*?)\n(?: {2})?\}/gs)].map(
    ([, body]) =>
      new Map([...body.matchAll(/--([a-z0-9]+): ([^;]+);/g)].map(([, name, value]) => [name, value])),
  );
  const channelsOf = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const luminance = (channels: readonly number[]) =>
    channels
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
      .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const contrast = (a: readonly number[], b: readonly number[]) => {
    const [dark, light] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };

  test.each([
    ["in the light", 0],
    ["in the dark", 1],
    ["on paper", 2],
  ] as const)("%s", (_, index) => {
    const palette = palettes[index];
    const colour = (name: string) => channelsOf(palette.get(name) ?? "");
    for (const ground of ["page", "card"]) {
      for (const name of ["text", "soft", "right", "wrong"]) {
        expect(contrast(colour(name), colour(ground)), `${name} on ${ground}`).toBeGreaterThan(4.5);
      }
      // Lines and bars need 3 (1.4.11).
      for (const name of ["bar", "line0", "line1", "line2", "line3", "line4", "line5"]) {
        expect(contrast(colour(name), colour(ground)), `${name} on ${ground}`).toBeGreaterThan(3);
      }
    }
    // A cell of the matrix at its fullest.
    const share = Number.parseFloat(palette.get("shade") ?? "") / 100;
    for (const name of ["right", "wrong"]) {
      const cell = colour(name).map(
        (value, channel) => share * value + (1 - share) * colour("card")[channel],
      );
      expect(contrast(colour("text"), cell), `text on ${name}`).toBeGreaterThan(4.5);
    }
  });
});
