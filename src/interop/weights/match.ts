import type { Architecture } from "../../models/index.ts";
import type { Shape, Tensor } from "../../tensor/index.ts";
import { fits, type KnownConvention, layouts } from "./layouts.ts";
import { namings } from "./names.ts";
import { type MismatchedWeight, nearestNames, type WeightReport } from "./report.ts";
import type { Slot } from "./slots.ts";

/** Auxiliary heads as torchvision names them. A net that was built without has no use for theirs. */
const heads = /(^|\.)(aux\d*|AuxLogits|aux_classifier)\./;

/** Counters of PyTorch's batch normalization and of profilers. */
const counters = /(^|\.)(num_batches_tracked|total_ops|total_params)$/;

/** Which tensor goes where. */
export interface Match {
  readonly report: WeightReport;
  /** What each parameter gets. */
  readonly found: ReadonlyMap<Slot, Tensor>;
}

/** Finds a parameter for each tensor, and tells what is left over on both sides. */
export function match(
  architecture: Architecture,
  tensors: ReadonlyMap<string, Tensor>,
  slots: readonly Slot[],
  convention: KnownConvention,
): Match {
  const { pairs, beside } = namings[convention].pair([...tensors.keys()], slots, architecture);
  const found = new Map<Slot, Tensor>();
  const taken = new Set<Slot>();
  const applied: WeightReport["applied"][number][] = [];
  const mismatched: MismatchedWeight[] = [];
  const left: string[] = [];
  for (const [name, tensor] of tensors) {
    const slot = pairs.get(name);
    if (slot === undefined || taken.has(slot)) {
      left.push(name);
      continue;
    }
    taken.add(slot);
    if (isFloat(tensor) && fits(tensor.shape, slot, layouts[convention])) {
      found.set(slot, tensor);
      applied.push({ parameter: slot.parameter.name, tensor: name });
    } else {
      mismatched.push(mismatch(slot, name, tensor, convention));
    }
  }
  const hasHeads = architecture.auxiliaries.length > 0;
  const isIgnored = (name: string) =>
    beside.has(name) || counters.test(name) || (!hasHeads && heads.test(name));
  const ignored = new Set(left.filter(isIgnored));
  const unused = left.filter((name) => !ignored.has(name));
  const lacking = slots.filter((slot) => !taken.has(slot));
  const names = namings[convention].names(slots, architecture);
  const lackingNames = lacking.map((slot) => names.get(slot) ?? slot.parameter.name);
  const missing = missingOf(lacking, nearestNames(lackingNames, unused), convention);
  const leftOver = unusedOf(unused, nearestNames(unused, lackingNames), tensors);
  return {
    found,
    report: { convention, applied, missing, unused: leftOver, mismatched, ignored: [...ignored] },
  };
}

function missingOf(
  slots: readonly Slot[],
  nearest: readonly (string | null)[],
  convention: KnownConvention,
): WeightReport["missing"] {
  return slots.map((slot, index) => ({
    parameter: slot.parameter.name,
    shape: layouts[convention].shape(slot),
    auxiliary: slot.parameter.auxiliary,
    nearest: nearest[index] ?? null,
  }));
}

function unusedOf(
  names: readonly string[],
  nearest: readonly (string | null)[],
  tensors: ReadonlyMap<string, Tensor>,
): WeightReport["unused"] {
  return names.map((tensor, index) => ({
    tensor,
    shape: tensors.get(tensor)?.shape ?? [],
    nearest: nearest[index] ?? null,
  }));
}

function isFloat({ dtype }: Tensor): boolean {
  return dtype === "float32" || dtype === "float64";
}

function mismatch(slot: Slot, name: string, tensor: Tensor, convention: KnownConvention): MismatchedWeight {
  const expected = layouts[convention].shape(slot);
  const hint = isFloat(tensor)
    ? shapeHint(slot, tensor.shape, expected, convention)
    : `It holds ${tensor.dtype} numbers: quantized weights need their scale.`;
  return { parameter: slot.parameter.name, tensor: name, expected, found: tensor.shape, hint };
}

/** Why one axis may differ: another number of classes at a net's end, or another image before its dense layers. */
function shapeHint(
  { layer, isKernel, order, isLast }: Slot,
  found: Shape,
  expected: Shape,
  convention: KnownConvention,
): string | null {
  const differing = expected.flatMap((size, axis) => (size === found[axis] ? [] : [axis]));
  if (expected.length !== found.length || differing.length !== 1) return null;
  const outputs = convention === "pytorch" && isKernel ? 0 : expected.length - 1;
  const [axis] = differing;
  if (isLast && axis === outputs) {
    return `Another number of classes? With strict: false (--no-strict) ${layer.name} keeps its fresh weights.`;
  }
  if (isKernel && expected.length === 2 && axis !== outputs && order !== null) {
    return `Another size of images? ${layer.name} has weights for each value of the image that is flattened.`;
  }
  return null;
}
