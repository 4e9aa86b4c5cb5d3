import { isKind } from "../graph/index.ts";
import { buildForward, type Model } from "../models/index.ts";
import { createBuild } from "../ops/index.ts";

/** Whether a model's outputs are probabilities already, rather than logits. */
export function endsInSoftmax({ architecture, inputShape }: Model): boolean {
  const shape = [1, ...inputShape];
  const images = createBuild()("input", [], { name: "images", shape, dtype: "float32" });
  return isKind(buildForward(architecture, images, { training: false, key: null }).output, "softmax");
}
