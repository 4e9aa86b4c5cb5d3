/** Files of PyTorch's `torch.save`, in all three layouts that it has had. */
import { FormatError } from "../../tensor/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorPlace } from "../format-errors.ts";
import type { NamedTensors, ReadOptions } from "../named-tensors.ts";
import { beginsAsZip } from "../zip/directory.ts";
import type { SavedValue } from "./layout.ts";
import { readLegacyLayout } from "./legacy-layout.ts";
import { beginsAsLegacy, beginsAsTar } from "./marks.ts";
import { CopyBudget, materialize } from "./materialize.ts";
import { findWeights } from "./state-dict.ts";
import { readTarLayout } from "./tar-layout.ts";
import type { StorageReference } from "./tensor-record.ts";
import { readZipLayout } from "./zip-layout.ts";

/**
 * Reads the tensors of a PyTorch file of unknown origin: a state dict, or the one in a checkpoint. Its pickle is read as
 * data, and no code is run. `metadata` says which keys of the checkpoint were followed (`pytorch.path`, with dots between)
 * and what was taken from the front of all names (`pytorch.prefix`: `module.`).
 *
 * @throws FormatError naming file and tensor when anything does not fit the format, or the pickle asks for other names
 *   than those of tensors and plain values
 */
export async function readPytorch(bytes: Uint8Array, { name: file }: ReadOptions): Promise<NamedTensors> {
  const saved = await readLayout(bytes, file);
  const { tensors: records, path, prefix } = findWeights(saved.root, file);
  const budget = new CopyBudget(bytes.length);
  const storages = new StorageCache(saved);
  const tensors = new Map<string, Tensor>();
  for (const [name, record] of records) {
    if (record.kind === "unreadable") {
      throw new FormatError(`${record.what}, which is not supported`, {
        where: tensorPlace(file, name),
        hint: record.hint,
      });
    }
    tensors.set(name, materialize(record, await storages.get(record.storage), budget, { file, name }));
  }
  const metadata = {
    ...(path.length > 0 && { "pytorch.path": path.join(".") }),
    ...(prefix !== "" && { "pytorch.prefix": prefix }),
  };
  return { format: "pytorch", convention: "pytorch", tensors, metadata };
}

async function readLayout(bytes: Uint8Array, file: string): Promise<SavedValue> {
  if (beginsAsZip(bytes)) return await readZipLayout(bytes, file);
  if (beginsAsLegacy(bytes)) return readLegacyLayout(bytes, file);
  if (beginsAsTar(bytes)) return readTarLayout(bytes, file);
  throw new FormatError("the file is a pickle, but none that torch.save has written", {
    where: file,
    hint: 'Save its tensors in Python, with torch.save(state_dict, "weights.pth") or numpy.savez("weights.npz", **arrays).',
  });
}

/** Storages are shared: each is fetched once. */
class StorageCache {
  readonly #saved: SavedValue;
  readonly #fetched = new Map<string, Uint8Array>();

  constructor(saved: SavedValue) {
    this.#saved = saved;
  }

  async get(reference: StorageReference): Promise<Uint8Array> {
    // One storage may be said to be of two types or lengths: each claim is checked.
    const key = `${reference.dtype} ${reference.length} ${reference.key}`;
    const found = this.#fetched.get(key) ?? (await this.#saved.storage(reference));
    this.#fetched.set(key, found);
    return found;
  }
}
