/** The constructors through which a program asks for memory by number. */
const constructors = [
  "ArrayBuffer",
  "SharedArrayBuffer",
  "Uint8Array",
  "Int8Array",
  "Uint16Array",
  "Int16Array",
  "Uint32Array",
  "Int32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;

/**
 * Bytes that buffers and typed arrays take which `act` makes, whether they are kept or not: exact, where the process's
 * memory depends on when garbage is collected. Views of other buffers count nothing; arrays of `Array` are not seen,
 * but take long to fill.
 */
export async function measureAllocation(act: () => Promise<void>): Promise<number> {
  let bytes = 0;
  const real = constructors.map((name) => [name, globalThis[name]] as const);
  for (const [name, original] of real) {
    const counted = new Proxy(original, {
      construct(target, parameters: unknown[], newTarget) {
        const made: { readonly byteLength: number } = Reflect.construct(target, parameters, newTarget);
        const [first] = parameters;
        const isView = first instanceof ArrayBuffer || first instanceof SharedArrayBuffer;
        if (!isView) bytes += made.byteLength;
        return made;
      },
    });
    Object.assign(globalThis, { [name]: counted });
  }
  try {
    await act();
  } finally {
    for (const [name, original] of real) Object.assign(globalThis, { [name]: original });
  }
  return bytes;
}
