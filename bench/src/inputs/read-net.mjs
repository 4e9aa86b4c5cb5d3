import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formats } from "fovea";

/**
 * The net of a case's folder, and its weights in our layouts.
 *
 * @param {string} folder
 * @returns {{ net: import("../types.ts").NetFile, weights: ReadonlyMap<string, import("fovea").Tensor> }}
 */
export function readNet(folder) {
  const net = JSON.parse(readFileSync(join(folder, "net.json"), "utf8"));
  const name = "weights.safetensors";
  const { tensors } = formats.decodeSafetensors(readFileSync(join(folder, name)), { name });
  return { net, weights: tensors };
}
