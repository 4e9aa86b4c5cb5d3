/** The register tile of a build of the kernels (scripts/kernels/generate-tiles.mjs). */
export interface Tile {
  /** Rows of a tile, where the left operand's rows are rows in memory. */
  readonly rows: number;
  /** Rows of a tile, where they are columns in memory. */
  readonly transposedRows: number;
  /** Columns of a tile: the width of a packed panel. */
  readonly columns: number;
}

/** A build of the kernels as the build script leaves it. */
export interface KernelModule {
  readonly tile: Tile;
  /** Offset of the byte that says of the imported memory that it is shared. */
  readonly memoryFlags: number;
  readonly base64: string;
}

/** Flags of an imported memory: it has a maximum, and is shared (WebAssembly threads, "limits"). */
const HAS_MAXIMUM = 1;

/** The bytes of a module, for a memory that is shared between threads or for one of a thread's own. */
export function bytesOfModule(
  { base64, memoryFlags }: KernelModule,
  shared: boolean,
): Uint8Array<ArrayBuffer> {
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index);
  if (!shared) bytes[memoryFlags] = HAS_MAXIMUM;
  return bytes;
}
