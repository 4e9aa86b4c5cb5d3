import { nameHint, OptionError } from "../tensor/index.ts";
import { describeValue } from "./describe.ts";
import { isObject } from "./json.ts";

/** A choice from a closed table with its options, not yet checked. */
export interface Choice<K extends string> {
  readonly kind: K;
  readonly options: unknown;
}

/**
 * Reads a choice from a name (`"adam"`, all options default) or a description (`{ kind, options }`).
 *
 * @param what - what is chosen: `optimizer`
 * @param table - what there is to choose from, by name
 * @throws OptionError for an unknown name, with the nearest known one
 */
export function readChoice<K extends string>(
  what: string,
  value: unknown,
  table: Readonly<Record<K, unknown>>,
): Choice<K> {
  const { kind, options = {} } = typeof value === "string" ? { kind: value } : isObject(value) ? value : {};
  const names = Object.keys(table);
  if (typeof kind !== "string") {
    throw new OptionError(`${what} must be a name or a description, got ${describeValue(value)}`, {
      hint: `Known: ${names.join(", ")}.`,
    });
  }
  if (!isKeyOf(kind, table)) {
    throw new OptionError(`there is no ${what} "${kind}"`, { hint: nameHint(kind, names) });
  }
  return { kind, options };
}

/** Whether a name is one of a table's own. */
export function isKeyOf<K extends string>(name: string, table: Readonly<Record<K, unknown>>): name is K {
  return Object.hasOwn(table, name);
}
