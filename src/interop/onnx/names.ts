import type { NodeReader } from "./node.ts";
import type { Constant } from "./values.ts";

/** What a weight's name ends with when the rest is the layer's: `conv1.weight`, `conv1_w_0`, `conv1/kernel:0`. */
const weightSuffix = /[._/](?:weight|kernel|depthwise_kernel|gamma|scale|w|W)(?:[_:]\d+)?$/;
/** The longest name of a layer, less room for a number that tells it from others. */
const longest = 190;

/**
 * Name for the layer that a node becomes. PyTorch's scopes come first (`/layer1/layer1.0/conv1/Conv` is
 * `layer1.0.conv1`), then the name of its weight without the ending, then the node's own, then that of its output.
 *
 * @param weight - the initializer that the layer is named after, if it has one
 */
export function nameOfLayer(node: NodeReader, weight?: Constant): string {
  const { name } = node.proto;
  const scopes = name.split("/").filter((scope) => scope !== "");
  const isScoped = name.startsWith("/") && scopes.length > 1 && scopes.at(-1)?.startsWith(node.op) === true;
  if (isScoped) return legalName(joinScopes(scopes.slice(0, -1)));
  if (weight !== undefined && weightSuffix.test(weight.name)) {
    return legalName(weight.name.replace(weightSuffix, ""));
  }
  return legalName(name || node.output || node.op);
}

/** Scopes that begin with all of the one before stand for it: `layer1`, `layer1.0`, `conv1` are `layer1.0.conv1`. */
function joinScopes(scopes: readonly string[]): string {
  return scopes.reduce((path, scope, index) =>
    scope.startsWith(`${scopes[index - 1]}.`)
      ? `${path.slice(0, path.length - scopes[index - 1].length)}${scope}`
      : `${path}.${scope}`,
  );
}

/** Letters, digits and `_ . -`, as names of layers may have them. */
export function legalName(text: string): string {
  const plain = text
    .replace(/:\d+$/, "")
    .replaceAll("/", ".")
    .replaceAll(/[^A-Za-z0-9_.-]+/g, "_");
  return plain.replace(/^[.-]+/, "").slice(0, longest) || "layer";
}

/** Names that are taken; a second of the same gets a number. */
export class NameBook {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** The name itself if it is free, or with `_1`, `_2` and so on. */
  claim(name: string): string {
    let candidate = name;
    while (this.#taken.has(candidate)) {
      const count = (this.#counts.get(name) ?? 0) + 1;
      this.#counts.set(name, count);
      candidate = `${name}_${count}`;
    }
    this.#taken.add(candidate);
    return candidate;
  }
}
