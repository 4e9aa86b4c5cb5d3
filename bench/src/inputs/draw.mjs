/** A stream of numbers in [0, 1) that the seed fixes: a 32-bit counter, mixed (splitmix32). @param {number} seed */
export function uniform(seed) {
  let counter = seed | 0;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let bits = counter ^ (counter >>> 16);
    bits = Math.imul(bits, 0x21f0aaad);
    bits ^= bits >>> 15;
    bits = Math.imul(bits, 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Uniform values in [low, high). @param {number} count @param {number} low @param {number} high @param {number} seed */
export function drawFloats(count, low, high, seed) {
  const next = uniform(seed);
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) values[index] = low + (high - low) * next();
  return values;
}
