/**
 * Files of `torch.save` since version 1.6: a zip archive with the pickle `NAME/data.pkl` and a file `NAME/data/KEY` for
 * each storage, stored as it is and aligned; `NAME/byteorder` says of which end the numbers are.
 */
import { FormatError } from "../../tensor/errors.ts";
import { latin1 } from "../byte-reader.ts";
import { clip } from "../format-errors.ts";
import { ZipArchive } from "../zip/archive.ts";
import { findGlobal } from "./globals.ts";
import { type SavedValue, storageOfIdentifier } from "./layout.ts";
import { archiveFolder, pickleName } from "./marks.ts";
import { damagedPytorch, elementBytesOf } from "./materialize.ts";
import { unpickle } from "./unpickler.ts";

/** Longest pickle: that of a network of thousands of layers with its optimizer has a tenth of it. */
const pickleLimit = 64 * 2 ** 20;

/** Reads the layout. @throws FormatError when it is damaged, of TorchScript, or its pickle asks for more than weights */
export async function readZipLayout(bytes: Uint8Array, file: string): Promise<SavedValue> {
  const archive = new ZipArchive(bytes, { name: file });
  const folder = archiveFolder(archive.names);
  if (folder === undefined) throw damagedPytorch(`it has no ${pickleName}`, file);
  if (archive.has(`${folder}constants.pkl`)) {
    throw new FormatError("the file is a TorchScript archive: a program with its weights", {
      where: file,
      hint: 'Save its state dict, in Python: torch.save(torch.jit.load(FILE).state_dict(), "weights.pth").',
    });
  }
  const pickle = await archive.read(folder + pickleName);
  if (pickle.length > pickleLimit) {
    throw damagedPytorch(`a pickle of ${pickle.length} bytes is longer than ${pickleLimit}`, file);
  }
  const where = `${file}, entry "${clip(folder + pickleName)}"`;
  const { value } = unpickle(pickle, {
    find: (module, name) => findGlobal(module, name, where),
    persistent: (identifier) => storageOfIdentifier(identifier, where),
    fail: (what) => damagedPytorch(what, where),
  });
  const swaps = await isBigEndian(archive, folder, file);
  return {
    root: value,
    storage: async ({ key, dtype, length }) => {
      const entry = `${folder}data/${key}`;
      const size = elementBytesOf(dtype);
      const content = await archive.read(entry);
      if (content.length !== length * size) {
        const what = `it has ${content.length} bytes, its tensors say ${length} elements of ${dtype}`;
        throw damagedPytorch(what, `${file}, entry "${clip(entry)}"`);
      }
      return swaps ? swapped(content, size) : content;
    },
  };
}

async function isBigEndian(archive: ZipArchive, folder: string, file: string): Promise<boolean> {
  // Versions before 2.1 did not say, and ran on little-endian machines.
  if (!archive.has(`${folder}byteorder`)) return false;
  const order = latin1((await archive.read(`${folder}byteorder`)).subarray(0, 20)).trim();
  if (order !== "little" && order !== "big") throw damagedPytorch(`its byte order is "${clip(order)}"`, file);
  return order === "big";
}

/** The bytes with the ends of each element exchanged. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const turned = new Uint8Array(bytes.length);
  for (let index = 0; index < bytes.length; index++) {
    const within = index % size;
    turned[index - within + size - 1 - within] = bytes[index];
  }
  return turned;
}
