/**
 * Protocol buffers, as far as an ONNX file needs them: a message is its fields one after another, each a tag (number and
 * wire type) and a value.
 */

/** @typedef {Uint8Array[]} Bytes pieces of a message, to be joined once */

/** @param {number} value a whole number from 0 */
function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Uint8Array.from([...bytes, value]);
}

/** @param {number} field @param {number} value @returns {Bytes} */
export function integer(field, value) {
  return [varint(field * 8), varint(value)];
}

/** @param {number} field @param {number} value @returns {Bytes} */
export function float(field, value) {
  return [varint(field * 8 + 5), new Uint8Array(Float32Array.of(value).buffer)];
}

/** @param {number} field @param {Bytes} pieces @returns {Bytes} */
export function message(field, pieces) {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [varint(field * 8 + 2), varint(length), ...pieces];
}

/** @param {number} field @param {string} value @returns {Bytes} */
export function text(field, value) {
  return message(field, [new TextEncoder().encode(value)]);
}

/** A field for each value. @param {number} field @param {readonly number[]} values @returns {Bytes} */
export function integers(field, values) {
  return values.flatMap((value) => integer(field, value));
}
