/**
 * Colours between others, mixed in Oklab (Ottosson: "A perceptual color space for image processing", 2020), where equal steps
 * look equal. Linear red, green and blue become the cube roots of what three kinds of cones would see, and those lightness and
 * two axes of colour.
 */

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const conesOfLinear: Matrix = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const labOfCones: Matrix = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];
const conesOfLab: Matrix = [
  [1, 0.3963377774, 0.2158037573],
  [1, -0.1055613458, -0.0638541728],
  [1, -0.0894841775, -1.291485548],
];
const linearOfCones: Matrix = [
  [4.0767416621, -3.3077115913, 0.2309699292],
  [-1.2684380046, 2.6097574011, -0.3413193965],
  [-0.0041960863, -0.7034186147, 1.707614701],
];

/**
 * So many colours at even distances along the stops, which are at even distances themselves.
 *
 * @param stops - `#rrggbb`, two or more
 * @returns red, green and blue of each, 0 to 255
 */
export function mixedColours(stops: readonly string[], count: number): (readonly [number, number, number])[] {
  const labs = stops.map((stop) => labOf(channelsOf(stop)));
  return Array.from({ length: count }, (_, index) => {
    const at = count === 1 ? 0 : (index / (count - 1)) * (labs.length - 1);
    const from = Math.min(labs.length - 2, Math.floor(at));
    const way = at - from;
    return rgbOf(mapped(labs[from], (value, axis) => value + way * (labs[from + 1][axis] - value)));
  });
}

/** `#rrggbb`. */
export function hexOf(channels: readonly number[]): string {
  return `#${channels.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** Red, green and blue of `#rrggbb`, 0 to 255. */
export function channelsOf(hex: string): Triple {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** How bright a colour is: relative luminance of WCAG 2.2, 0 to 1. */
export function luminanceOf(channels: Triple): number {
  const [red, green, blue] = mapped(channels, linearOf);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function labOf(channels: Triple): Triple {
  return times(labOfCones, mapped(times(conesOfLinear, mapped(channels, linearOf)), Math.cbrt));
}

function rgbOf(lab: Triple): Triple {
  const linear = times(
    linearOfCones,
    mapped(times(conesOfLab, lab), (value) => value ** 3),
  );
  return mapped(linear, (value) => Math.round(255 * Math.min(1, Math.max(0, encoded(value)))));
}

/** A channel of sRGB, 0 to 255, as light. */
function linearOf(byte: number): number {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function encoded(light: number): number {
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}

function times(matrix: Matrix, [a, b, c]: Triple): Triple {
  return mapped([0, 1, 2], (row) => matrix[row][0] * a + matrix[row][1] * b + matrix[row][2] * c);
}

function mapped([a, b, c]: Triple, change: (value: number, axis: number) => number): Triple {
  return [change(a, 0), change(b, 1), change(c, 2)];
}
