import type { NamedTensors } from "../../formats/index.ts";
import type { Model } from "../../models/index.ts";
import { nameHint, OptionError, Tensor } from "../../tensor/index.ts";
import { type KnownConvention, layouts } from "./layouts.ts";
import { namings } from "./names.ts";
import { slotsOf } from "./slots.ts";

/** What a safetensors file says of whose tensors it holds: what PyTorch's and Keras's loaders look for. */
const formatMetadata: { readonly [C in KnownConvention]: Readonly<Record<string, string>> } = {
  fovea: {},
  pytorch: { format: "pt" },
  keras: { format: "keras" },
};

/**
 * A model's weights and statistics under the names and in the layouts of a convention, to be written as a file of
 * tensors: what `load_state_dict` takes for `"pytorch"`, `layer/variable` for `"keras"`. It is the way back from
 * `loadWeights`.
 *
 * @throws OptionError for an unknown convention
 */
export async function exportWeights(
  model: Model,
  options: { readonly convention: KnownConvention },
): Promise<Omit<NamedTensors, "format">> {
  const { convention } = options;
  if (!Object.hasOwn(layouts, convention)) {
    throw new OptionError(`there is no convention "${String(convention)}"`, {
      where: "exportWeights",
      hint: nameHint(String(convention), Object.keys(layouts)),
    });
  }
  const layout = layouts[convention];
  const slots = slotsOf(model.architecture);
  const names = namings[convention].names(slots, model.architecture);
  const weights = await model.getWeights();
  const tensors = new Map<string, Tensor>();
  for (const slot of slots) {
    const { name } = slot.parameter;
    const { data } = weights.get(name) ?? {};
    if (!(data instanceof Float32Array)) continue;
    const there = new Tensor("float32", layout.shape(slot), layout.write(data, slot));
    tensors.set(names.get(slot) ?? name, there);
    // One copy of each at a time: a large model's are half a gigabyte.
    weights.delete(name);
  }
  return { convention, tensors, metadata: formatMetadata[convention] };
}
