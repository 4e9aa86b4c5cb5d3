import type { NamedTensors } from "../../formats/index.ts";
import type { LazyTensor, Model } from "../../models/index.ts";
import { checkOptions, type Fields, field, nameField, nullable } from "../../options/index.ts";
import { OptionError, Tensor } from "../../tensor/index.ts";
import { guessConvention } from "./guess.ts";
import { type KnownConvention, type Layout, layouts } from "./layouts.ts";
import { match } from "./match.ts";
import { describeMisfit, isComplete, type WeightReport } from "./report.ts";
import { type Slot, slotsOf } from "./slots.ts";

/** How tensors are fitted to a model. */
export interface LoadWeightsOptions {
  /**
   * Whether everything must fit; default true. Otherwise what fits is taken, and the rest of the model stays as it is.
   * What auxiliary heads miss is never a fault, nor what is there of heads for a model that has none.
   */
  readonly strict?: boolean;
  /** Whose names and layouts the tensors have; default: what the file says, else what fits. */
  readonly convention?: KnownConvention | null;
  /** Another name for a tensor, before it is looked for in the model; `null` leaves it out. */
  readonly rename?: ((name: string) => string | null) | null;
  /** The file's name, for errors. */
  readonly name?: string;
}

const isFunction = (value: unknown): value is (name: string) => string | null => typeof value === "function";

const fields: Fields<LoadWeightsOptions> = {
  strict: field("true or false", (value): value is boolean => typeof value === "boolean", true),
  convention: nullable(nameField(["fovea", "pytorch", "keras"])),
  rename: nullable(field("a function", isFunction)),
  name: field("a text", (value): value is string => typeof value === "string", "weights"),
};

/**
 * Gives a model the weights of a file: tensors find their parameters by the convention's names, and are brought from its
 * layouts to ours. Either everything that is asked for is replaced, or, on an error, nothing. The tensors must not change
 * before the model is first used: large ones are converted one by one when the engine takes them.
 *
 * @param source - what `formats.readTensors` gives
 * @returns what was applied, missing, unused and mismatched
 * @throws OptionError when something does not fit (in strict mode), or nothing does
 */
export async function loadWeights(
  model: Model,
  source: Pick<NamedTensors, "convention" | "tensors">,
  options: LoadWeightsOptions = {},
): Promise<WeightReport> {
  const { strict, convention: asked, rename, name } = checkOptions("loadWeights", options, fields);
  const slots = slotsOf(model.architecture);
  const renamed = renameAll(source.tensors, rename, name);
  const said = source.convention === "none" ? null : source.convention;
  const convention = asked ?? said ?? guessConvention(renamed, slots, model.architecture, name);
  const { report, found } = match(model.architecture, renamed, slots, convention);
  if (report.applied.length === 0 || (strict && !isComplete(report))) throw misfit(model, report, name);
  const layout = layouts[convention];
  const weights = [...found].map(
    ([slot, tensor]) => [slot.parameter.name, toModel(tensor, slot, layout)] as const,
  );
  await model.setWeights(new Map(weights));
  return report;
}

function renameAll(
  tensors: ReadonlyMap<string, Tensor>,
  rename: ((name: string) => string | null) | null,
  where: string,
): ReadonlyMap<string, Tensor> {
  if (rename === null) return tensors;
  const renamed = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) {
    const other = rename(name);
    if (other === null) continue;
    if (renamed.has(other)) {
      throw new OptionError(`rename gives the name "${other}" to two tensors, the second is "${name}"`, {
        where,
        hint: "Give each a name of its own.",
      });
    }
    renamed.set(other, tensor);
  }
  return renamed;
}

function misfit(model: Model, report: WeightReport, where: string): OptionError {
  if (report.applied.length === 0 && report.mismatched.length === 0) {
    return new OptionError(
      `no tensor has a name of model "${model.name}" (by the convention "${report.convention}"): ${describeMisfit(report)}`,
      { where, hint: "Is it of this model? Give rename or another convention, if the names differ." },
    );
  }
  const own = report.mismatched.find(({ hint }) => hint !== null)?.hint;
  const hint = own ?? "Use a file of this very model, or take what fits with strict: false (--no-strict).";
  return new OptionError(`the weights do not fit model "${model.name}": ${describeMisfit(report)}`, {
    where,
    hint,
  });
}

/** The tensor as the parameter, converted when it is needed: a large model's weights are never there twice. */
function toModel(tensor: Tensor, slot: Slot, layout: Layout): LazyTensor {
  const { shape } = slot.parameter;
  const draw = async () => {
    const values = floatsOf(tensor);
    const own = layout.read(values, slot);
    // Whoever draws may change what they get.
    return new Tensor("float32", shape, own === tensor.data ? own.slice() : own);
  };
  return { shape, dtype: "float32", draw };
}

function floatsOf(tensor: Tensor): Float32Array {
  return tensor.data instanceof Float32Array ? tensor.data : tensor.as("float32").data;
}
