import type { Architecture } from "../../models/index.ts";
import { OptionError, type Tensor } from "../../tensor/index.ts";
import { fits, type KnownConvention, layouts } from "./layouts.ts";
import { namings } from "./names.ts";
import type { Slot } from "./slots.ts";

const conventions = Object.keys(layouts) as readonly KnownConvention[];

/**
 * The convention of tensors that come without one: the one by which most of them have the name and the shape of a
 * parameter.
 *
 * @throws OptionError when several do, and take the same numbers for different kernels
 */
export function guessConvention(
  tensors: ReadonlyMap<string, Tensor>,
  slots: readonly Slot[],
  architecture: Architecture,
  where: string,
): KnownConvention {
  const names = [...tensors.keys()];
  const found = conventions.map((convention) => {
    const { pairs } = namings[convention].pair(names, slots, architecture);
    const fitting = [...pairs].filter(([name, slot]) => {
      const tensor = tensors.get(name);
      return tensor !== undefined && fits(tensor.shape, slot, layouts[convention]);
    });
    return { convention, count: fitting.length, kernels: fitting.filter(([, slot]) => slot.isKernel).length };
  });
  const most = Math.max(...found.map(({ count }) => count));
  const best = found.filter(({ count }) => count === most);
  if (best.length === 1 || best.every(({ kernels }) => kernels === 0)) return best[0].convention;
  const known = best.map(({ convention }) => `"${convention}"`).join(" and ");
  throw new OptionError(
    `the tensors fit by the conventions ${known}, and the file does not say which it is`,
    {
      where,
      hint: 'Give convention: "pytorch" for filters OIHW, or "fovea" for HWIO.',
    },
  );
}
