/** Red, green and blue, 0 to 255. */
type Rgb = readonly [number, number, number];

/**
 * How values become colours: `gray` 0 to 255 as they are, `sequential` for magnitudes from 0 (the paper's colour) to the greatest,
 * `diverging` for signed values with 0 at the paper's colour: blue above and orange below, as reports of the library have it.
 */
export type Scale = "gray" | "sequential" | "diverging";

interface Palette {
  readonly paper: Rgb;
  /** From little to much. */
  readonly positive: readonly Rgb[];
  readonly negative: readonly Rgb[];
}

/** One hue for each sign, even in lightness; in the dark the paper is dark and much is light. */
const light: Palette = {
  paper: [247, 247, 244],
  positive: [
    [158, 194, 240],
    [62, 122, 206],
    [13, 52, 122],
  ],
  negative: [
    [246, 190, 160],
    [210, 98, 42],
    [112, 36, 6],
  ],
};
const dark: Palette = {
  paper: [27, 30, 36],
  positive: [
    [34, 74, 138],
    [84, 146, 232],
    [206, 226, 255],
  ],
  negative: [
    [122, 52, 22],
    [226, 122, 70],
    [255, 222, 204],
  ],
};

function between(from: Rgb, to: Rgb, share: number): Rgb {
  const mix = (channel: 0 | 1 | 2) => from[channel] + (to[channel] - from[channel]) * share;
  return [mix(0), mix(1), mix(2)];
}

/** @param share - from -1 to 1 */
function colourOf(share: number, { paper, positive, negative }: Palette): Rgb {
  const stops = [paper, ...(share < 0 ? negative : positive)];
  const place = Math.min(1, Math.abs(share)) * (stops.length - 1);
  const lower = Math.min(stops.length - 2, Math.floor(place));
  return between(stops[lower], stops[lower + 1], place - lower);
}

/** Shades of one sign: a map has far fewer that an eye can tell apart. */
const shades = 255;

/** Colours of shares from -1 to 1 as a canvas takes them, red first, made once for light and once for dark. */
const tables: Partial<Record<"light" | "dark", Uint8ClampedArray>> = {};

function shadesOf(isDark: boolean): Uint8ClampedArray {
  const name = isDark ? "dark" : "light";
  const table = tables[name] ?? new Uint8ClampedArray(4 * (2 * shades + 1));
  if (tables[name] === undefined) {
    for (let shade = -shades; shade <= shades; shade++) {
      table.set([...colourOf(shade / shades, isDark ? dark : light), 255], 4 * (shade + shades));
    }
    tables[name] = table;
  }
  return table;
}

/**
 * Values as pixels for a canvas.
 *
 * @param limit - the value with the strongest colour; by default the greatest magnitude there is
 */
export function pixelsOf(
  values: ArrayLike<number>,
  scale: Scale,
  isDark: boolean,
  limit = greatest(values),
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * values.length);
  if (scale === "gray") {
    for (let index = 0; index < values.length; index++) {
      pixels.fill(values[index], 4 * index, 4 * index + 3);
      pixels[4 * index + 3] = 255;
    }
    return pixels;
  }
  const table = new Uint32Array(shadesOf(isDark).buffer);
  const whole = new Uint32Array(pixels.buffer);
  const factor = limit === 0 ? 0 : shades / limit;
  const least = scale === "sequential" ? 0 : -shades;
  for (let index = 0; index < values.length; index++) {
    const shade = Math.round(values[index] * factor);
    // What is no number has the colour of nothing.
    whole[index] = table[shades + Math.min(shades, Math.max(least, shade || 0))];
  }
  return pixels;
}

/** A value's colour as CSS. @param share - from -1 to 1 */
export function cssColour(share: number, isDark: boolean): string {
  return `rgb(${colourOf(share, isDark ? dark : light)
    .map(Math.round)
    .join(" ")})`;
}

/** The greatest magnitude of finite values. */
export function greatest(values: ArrayLike<number>): number {
  let most = 0;
  for (let index = 0; index < values.length; index++) {
    const magnitude = Math.abs(values[index]);
    if (magnitude > most && magnitude < Number.POSITIVE_INFINITY) most = magnitude;
  }
  return most;
}
