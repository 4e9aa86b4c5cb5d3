/** The bytes of an IDX file of unsigned bytes. */
export function idxFile(shape: readonly number[], elements: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const dataStart = 4 + 4 * shape.length;
  const bytes = new Uint8Array(dataStart + elements.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, 8, shape.length]);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  bytes.set(elements, dataStart);
  return bytes;
}
