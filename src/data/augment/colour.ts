/**
 * A linear map of colours, as `warpImages` takes it: the channels x of a pixel become A x + B m + b, with the means m of
 * the image's channels. Shapes: `own` A and `mean` B [C, C], row by row, `bias` b [C]; one channel or three.
 */
export interface ColourMap {
  readonly own: readonly number[];
  readonly mean: readonly number[];
  readonly bias: readonly number[];
}

/** How bright the channels of a pixel are together (ITU-R BT.601). */
const luma = [0.299, 0.587, 0.114] as const;

function weightsOf(channels: number): readonly number[] {
  return channels === 1 ? [1] : luma;
}

/** Colours stay as they are. */
export function plainColours(channels: number): ColourMap {
  const size = channels === 1 ? 1 : 3;
  const cells = Array.from({ length: size * size }, (_, index) => (index % (size + 1) === 0 ? 1 : 0));
  return { own: cells, mean: cells.map(() => 0), bias: cells.slice(0, size).map(() => 0) };
}

/** The product of two square matrices, row by row. */
function product(a: readonly number[], b: readonly number[], size: number): number[] {
  return Array.from({ length: a.length }, (_, index) => {
    const [row, column] = [Math.floor(index / size), index % size];
    let sum = 0;
    for (let k = 0; k < size; k++) sum += a[row * size + k] * b[k * size + column];
    return sum;
  });
}

/** What comes of colours that a matrix is applied to. */
function applied(matrix: readonly number[], { own, mean, bias }: ColourMap): ColourMap {
  const size = bias.length;
  return {
    own: product(matrix, own, size),
    mean: product(matrix, mean, size),
    bias: bias.map((_, row) => bias.reduce((sum, value, k) => sum + matrix[row * size + k] * value, 0)),
  };
}

/** Every channel times a factor. */
export function brightened(map: ColourMap, factor: number): ColourMap {
  const scale = (values: readonly number[]) => values.map((value) => factor * value);
  return { own: scale(map.own), mean: scale(map.mean), bias: scale(map.bias) };
}

/** Each pixel's distance from its own gray times a factor; images of one channel have no colour to change. */
export function saturated(map: ColourMap, factor: number): ColourMap {
  const size = map.bias.length;
  if (size === 1) return map;
  const matrix = Array.from(
    { length: 9 },
    (_, index) => (index % 4 === 0 ? factor : 0) + (1 - factor) * luma[index % 3],
  );
  return applied(matrix, map);
}

/** Each channel's distance from the gray of the image's mean times a factor. */
export function contrasted(map: ColourMap, factor: number): ColourMap {
  const { own, mean, bias } = map;
  const size = bias.length;
  const weights = weightsOf(size);
  // The mean of the image, as the map so far makes it, is (A + B) m + b; its gray is the weights times that.
  const grayOf = (column: (row: number) => number) =>
    weights.reduce((sum, weight, row) => sum + weight * column(row), 0);
  const grayBias = grayOf((row) => bias[row]);
  return {
    own: own.map((value) => factor * value),
    mean: mean.map((value, index) => {
      const column = index % size;
      const gray = grayOf((row) => own[row * size + column] + mean[row * size + column]);
      return factor * value + (1 - factor) * gray;
    }),
    bias: bias.map((value) => factor * value + (1 - factor) * grayBias),
  };
}

/**
 * Colours turned about the axis of grays by a share of a full turn: the plane of the differences of red and blue from
 * the brightness (U and V of ITU-R BT.601) is turned, and the brightness stays. Linear, unlike a turn of the hue of HSV.
 */
export function hueTurned(map: ColourMap, turn: number): ColourMap {
  if (map.bias.length === 1) return map;
  const [cosine, sine] = [Math.cos(2 * Math.PI * turn), Math.sin(2 * Math.PI * turn)];
  const [uScale, vScale] = [0.492, 0.877];
  const columns = [0, 1, 2].map((channel) => {
    const bright = luma[channel];
    const u = uScale * ((channel === 2 ? 1 : 0) - bright);
    const v = vScale * ((channel === 0 ? 1 : 0) - bright);
    const red = bright + (sine * u + cosine * v) / vScale;
    const blue = bright + (cosine * u - sine * v) / uScale;
    const green = (bright - luma[0] * red - luma[2] * blue) / luma[1];
    return [red, green, blue];
  });
  const matrix = Array.from({ length: 9 }, (_, index) => columns[index % 3][Math.floor(index / 3)]);
  return applied(matrix, map);
}
