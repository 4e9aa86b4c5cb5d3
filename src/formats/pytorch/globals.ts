/**
 * The names that a pickle may use, and what becomes of them. Everything else is refused by name, before anything could
 * come of it: a pickle that asks for `os.system` gets an error, and so does a whole module, whose classes are code.
 */
import { FormatError } from "../../tensor/errors.ts";
import { clip } from "../format-errors.ts";
import {
  type PickleCall,
  PickleDict,
  PickleList,
  PickleName,
  PickleOpaque,
  PickleTuple,
  type PickleValue,
} from "./pickle-values.ts";
import { rebuildFunctions } from "./rebuild.ts";
import { dtypeOfStorage, otherTypeBytes, StorageType, storedTypeOf } from "./tensor-record.ts";

/** Names whose calls make plain data. */
const calls: Readonly<Record<string, PickleCall>> = {
  "collections.OrderedDict": ([pairs]) => dictOfPairs(pairs),
  "collections.defaultdict": () => new PickleDict(),
  "collections.Counter": ([counts]) => (counts instanceof PickleDict ? counts : new PickleDict()),
  "collections.deque": ([items]) => (items instanceof PickleList ? items : new PickleList()),
  "builtins.set": ([items]) => (items instanceof PickleList ? items : new PickleList()),
  "builtins.frozenset": ([items]) => (items instanceof PickleList ? items : new PickleList()),
  // Until 0.3 a parameter was the call of its class, and its state came after.
  "torch.nn.parameter.Parameter": ([data = null]) => data,
  "torch.nn.parameter.Buffer": ([data = null]) => data,
  "torch.autograd.variable.Variable": ([data = null]) => data,
  "torch.Size": ([sizes]) => (sizes instanceof PickleTuple ? sizes : new PickleTuple([])),
};

/**
 * Names of values that may lie beside weights and are passed over: numbers of NumPy, options of a training script, the
 * place where a tensor was. Calls of them run nothing and give nothing.
 */
const opaque = new Set([
  ...[
    "bool",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "float",
    "int",
    "list",
    "object",
    "slice",
    "str",
    "tuple",
  ].map((name) => `builtins.${name}`),
  ...["core", "_core"].flatMap((core) =>
    ["multiarray.scalar", "multiarray._reconstruct", "numeric._frombuffer"].map(
      (name) => `numpy.${core}.${name}`,
    ),
  ),
  "numpy.dtype",
  "numpy.ndarray",
  "_codecs.encode",
  "argparse.Namespace",
  "types.SimpleNamespace",
  ...["Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"].map(
    (name) => `pathlib.${name}`,
  ),
  ...["date", "datetime", "time", "timedelta", "timezone"].map((name) => `datetime.${name}`),
  "torch.device",
  "torch.serialization._get_layout",
  "torch.Tensor",
  "torch._tensor.Tensor",
  "torch.per_tensor_affine",
  "torch.per_channel_affine",
  "torch.contiguous_format",
  "torch.channels_last",
]);

/** Modules whose classes make up whole networks. */
const moduleClasses =
  /^(torch\.(nn|fx|jit|ao|quantization|utils\.data)\b|torchvision\b|timm\b|__main__\b|__torch__\b)/;

/**
 * The value of a name.
 *
 * @param file - for errors
 * @throws FormatError for every name that is not in the tables
 */
export function findGlobal(module: string, name: string, file: string): PickleValue {
  const fullName = `${modernModule(module)}.${name}`;
  const own = <V>(table: Readonly<Record<string, V>>, key: string) =>
    Object.hasOwn(table, key) ? table[key] : undefined;
  const call = own(calls, fullName) ?? own(rebuildFunctions, fullName);
  if (call !== undefined) return new PickleName(fullName, call);
  if (opaque.has(fullName)) return new PickleName(fullName, () => new PickleOpaque(fullName));
  const [, storage = ""] = /^torch(?:\.cuda|\.storage)?\._?([A-Za-z0-9]+Storage)$/.exec(fullName) ?? [];
  const dtype = own(dtypeOfStorage, storage);
  if (dtype !== undefined) return new StorageType(dtype);
  const [, type = ""] = /^torch\.([a-z0-9_]+)$/.exec(fullName) ?? [];
  if (own(storedTypeOf, type) !== undefined || own(otherTypeBytes, type) !== undefined)
    return new StorageType(type);
  throw refused(fullName, file);
}

/** Modules of Python 2 under their names of today. */
function modernModule(module: string): string {
  if (module === "__builtin__") return "builtins";
  return module === "torch.tensor" ? "torch._tensor" : module;
}

function refused(name: string, file: string): FormatError {
  const shown = clip(name, 100);
  if (moduleClasses.test(name)) return wholeModule(shown, file);
  return new FormatError(
    `the pickle asks for ${shown}, which no file of weights needs; nothing of it was run`,
    {
      where: file,
      hint:
        "Do not load it elsewhere unless you trust it. If you do, save its tensors alone, in Python: " +
        'torch.save(torch.load(FILE, weights_only=False)["state_dict"], "weights.pth").',
    },
  );
}

/** The error for a module that was pickled as a whole. @param name - of one of its classes */
export function wholeModule(name: string, file: string): FormatError {
  return new FormatError(
    `the file holds a whole module (${name}), whose code would have to be run, not its weights`,
    {
      where: file,
      hint:
        "Save its state dict, in Python and if you trust the file: " +
        'torch.save(torch.load(FILE, weights_only=False).state_dict(), "weights.pth").',
    },
  );
}

/** A dictionary from the list of pairs that older versions of Python wrote. */
function dictOfPairs(pairs: PickleValue | undefined): PickleDict {
  const dict = new PickleDict();
  if (!(pairs instanceof PickleList)) return dict;
  for (const pair of pairs.items) {
    if (!(pair instanceof PickleList || pair instanceof PickleTuple)) continue;
    const [key = null, value = null] = pair.items;
    dict.entries.set(key, value);
  }
  return dict;
}
