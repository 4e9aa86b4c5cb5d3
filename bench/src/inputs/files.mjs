import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Values of a case's folder. @param {string} folder @param {string} name @returns {Float32Array<ArrayBuffer>} */
export function readFloats(folder, name) {
  return new Float32Array(readBytes(join(folder, `${name}.f32`)));
}

/** @param {string} folder @param {string} name @param {Float32Array<ArrayBuffer>} values */
export function writeFloats(folder, name, values) {
  writeFileSync(
    join(folder, `${name}.f32`),
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
}

/** A file's bytes in a buffer of its own. @param {string} path @returns {ArrayBuffer} */
export function readBytes(path) {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  if (byteOffset === 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) return buffer;
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength)).buffer;
}
