/** How PyTorch's files are told from others; the reader itself is loaded when it is needed. */
import { hasBytes } from "../byte-reader.ts";

/** The entry of an archive that holds the pickle. */
export const pickleName = "data.pkl";

/** 0x1950a86a20f9469cfc6c, as a pickle holds it: ten bytes, the lowest first. */
const magicNumber = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
/** "ustar", at byte 257. */
const tarMark = [0x75, 0x73, 0x74, 0x61, 0x72];

/** The folder in which the archive's entries lie, with its slash; undefined where there is no pickle. */
export function archiveFolder(names: readonly string[]): string | undefined {
  const pickle = names.find((name) => name === pickleName || /^[^/]*\/data\.pkl$/.test(name));
  return pickle?.slice(0, -pickleName.length);
}

/** Whether the bytes begin as a pickle of a binary protocol. */
export function beginsAsPickle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5;
}

/** Whether the bytes begin as a pickle of PyTorch's magic number, behind the opcodes of any binary protocol. */
export function beginsAsLegacy(bytes: Uint8Array): boolean {
  if (!beginsAsPickle(bytes)) return false;
  for (let at = 2; at < 16; at++) if (hasBytes(bytes, magicNumber, at)) return true;
  return false;
}

/** Whether the bytes are a tar archive, of any kind. */
export function beginsAsTar(bytes: Uint8Array): boolean {
  return hasBytes(bytes, tarMark, 257);
}
