import { elementwiseOps } from "./elementwise.ts";
import type { OpImporter } from "./importer.ts";
import { productOps } from "./products.ts";
import { shapeOps } from "./shapes.ts";

/** All ops of TensorFlow that are understood, by name. `Placeholder` and `Const` are looked at before. */
export const opImporters: { readonly [op: string]: OpImporter } = {
  ...productOps,
  ...elementwiseOps,
  ...shapeOps,
};
