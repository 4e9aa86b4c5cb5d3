import { nameHint, OptionError } from "../tensor/index.ts";
import { describeValue } from "./describe.ts";
import type { Field } from "./fields.ts";

/** Options with every default filled in. */
export type Resolved<O> = { readonly [P in keyof O]-?: Exclude<O[P], undefined> };

/** A check for every option of `O`: a closed table, so a new option without a check is a compile error. */
export type Fields<O> = { readonly [P in keyof O]-?: Field<Exclude<O[P], undefined>> };

/**
 * Checks options at run time and fills in the defaults.
 *
 * @param where - what the options belong to, as the user writes it: `layers.conv2d`
 * @throws OptionError for an unknown option (with the nearest known name), a missing one, or a wrong value
 */
export function checkOptions<O extends object>(
  where: string,
  given: unknown,
  fields: Fields<O>,
): Resolved<O> {
  checkOptionNames(where, given, Object.keys(fields));
  return resolveOptions(where, given, fields);
}

/**
 * @throws OptionError when `given` is not an object, or has a name that is not known
 */
export function checkOptionNames(
  where: string,
  given: unknown,
  known: readonly string[],
): asserts given is object {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new OptionError(`options must be one object, got ${describeValue(given)}`, { where });
  }
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const hint = known.length === 0 ? "It takes none." : nameHint(name, known);
    throw new OptionError(`unknown option "${name}"`, { where, hint });
  }
}

/**
 * The options of `fields`, with defaults; others are left alone.
 *
 * @throws OptionError for a missing option, or a wrong value
 */
export function resolveOptions<O extends object>(
  where: string,
  given: object,
  fields: Fields<O>,
): Resolved<O> {
  const values = new Map<string, unknown>(Object.entries(given));
  const resolved: { -readonly [P in keyof Resolved<O>]?: Resolved<O>[P] } = {};
  for (const name in fields) resolved[name] = resolveOption(where, name, values.get(name), fields[name]);
  return Object.freeze(resolved as Resolved<O>);
}

function resolveOption<T>(where: string, name: string, value: unknown, field: Field<T>): T {
  if (value !== undefined) return field.parse(value, where, name);
  if (field.fallback !== undefined) return field.fallback;
  throw new OptionError(`option "${name}" is missing`, { where, hint: "It has no default." });
}
