import type { Node, Pool2dAttributes } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import type { Resolved } from "../options/index.ts";
import { booleanField } from "../options/index.ts";
import type { Shape } from "../tensor/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";
import { imageShape } from "./geometry.ts";

/** Options of the layers that reduce an image to one value a channel. */
export interface GlobalPool2dOptions {
  /** Whether height and width stay as sizes of 1; default false. */
  readonly keepDimensions?: boolean;
}

const fields = { keepDimensions: booleanField(false) };

/** The greatest value of each channel over the whole image. Shapes: [H, W, C] -> [C], or [1, 1, C]. */
export const globalMaxPool2dLayer: LayerDefinition<GlobalPool2dOptions> = {
  fields,
  arity: oneInput,
  outputShape,
  parameters: noParameters,
  call: (options, { build }, [x]) => finish(options, build, build("maxPool2d", [x], wholeImage(x))),
};

/** The mean of each channel over the whole image. Shapes: [H, W, C] -> [C], or [1, 1, C]. */
export const globalAveragePool2dLayer: LayerDefinition<GlobalPool2dOptions> = {
  fields,
  arity: oneInput,
  outputShape,
  parameters: noParameters,
  call: (options, { build }, [x]) =>
    finish(options, build, build("averagePool2d", [x], { ...wholeImage(x), countPadding: false })),
};

function outputShape(options: Resolved<GlobalPool2dOptions>, inputs: readonly Shape[], where: string): Shape {
  const [, , channels] = imageShape(inputs, where);
  return options.keepDimensions ? [1, 1, channels] : [channels];
}

function wholeImage(x: Node): Pool2dAttributes {
  const size = [x.shape[1] ?? 1, x.shape[2] ?? 1] as const;
  const padding = { top: 0, bottom: 0, left: 0, right: 0 };
  return { poolSize: size, strides: size, padding, outputSize: [1, 1] };
}

function finish({ keepDimensions }: Resolved<GlobalPool2dOptions>, build: Build, pooled: Node): Node {
  const [batch = 1, , , channels = 1] = pooled.shape;
  return keepDimensions ? pooled : build("reshape", [pooled], { shape: [batch, channels] });
}
