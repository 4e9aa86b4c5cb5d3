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

const plainGray: ColourMap = { own: [1], mean: [0], bias: [0] };
const plainColour: ColourMap = {
  own: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  mean: [0, 0, 0, 0, 0, 0, 0, 0, 0],
  bias: [0, 0, 0],
};

/** Colours stay as they are. */
export function plainColours(channels: number): ColourMap {
  return channels === 1 ? plainGray : plainColour;
}

/** The product of two 3 x 3 matrices, row by row. Plain loops: a step draws hundreds of maps while the engine works. */
function product(a: readonly number[], b: readonly number[]): number[] {
  const result: number[] = [];
  for (let row = 0; row < 9; row += 3) {
    for (let column = 0; column < 3; column++) {
      result.push(a[row] * b[column] + a[row + 1] * b[column + 3] + a[row + 2] * b[column + 6]);
    }
  }
  return result;
}

/** What comes of colours that a matrix is applied to. */
function applied(matrix: readonly number[], { own, mean, bias }: ColourMap): ColourMap {
  const rows = [0, 3, 6];
  return {
    own: product(matrix, own),
    mean: product(matrix, mean),
    bias: rows.map((at) => matrix[at] * bias[0] + matrix[at + 1] * bias[1] + matrix[at + 2] * bias[2]),
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
  const matrix: number[] = [];
  for (let index = 0; index < 9; index++) {
    matrix.push((index % 4 === 0 ? factor : 0) + (1 - factor) * luma[index % 3]);
  }
  return applied(matrix, map);
}

/** Each channel's distance from the gray of the image's mean times a factor. */
export function contrasted(map: ColourMap, factor: number): ColourMap {
  const { own, mean, bias } = map;
  const size = bias.length;
  const weights = size === 1 ? [1] : luma;
  const rest = 1 - factor;
  // The mean of the image, as the map so far makes it, is (A + B) m + b; its gray is the weights times that.
  const grays = bias.map(() => 0);
  let grayBias = 0;
  weights.forEach((weight, row) => {
    grayBias += weight * bias[row];
    for (let column = 0; column < size; column++) {
      grays[column] += weight * (own[row * size + column] + mean[row * size + column]);
    }
  });
  return {
    own: own.map((value) => factor * value),
    mean: mean.map((value, index) => factor * value + rest * grays[index % size]),
    bias: bias.map((value) => factor * value + rest * grayBias),
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
  const matrix: number[] = Array.from({ length: 9 }, () => 0);
  for (let channel = 0; channel < 3; channel++) {
    const bright = luma[channel];
    const u = uScale * ((channel === 2 ? 1 : 0) - bright);
    const v = vScale * ((channel === 0 ? 1 : 0) - bright);
    const red = bright + (sine * u + cosine * v) / vScale;
    const blue = bright + (cosine * u - sine * v) / uScale;
    matrix[channel] = red;
    matrix[channel + 3] = (bright - luma[0] * red - luma[2] * blue) / luma[1];
    matrix[channel + 6] = blue;
  }
  return applied(matrix, map);
}
