import type { Node } from "../../../graph/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import { chunksFor, ELEMENTS_PER_CHUNK, type Lowering, type LoweringContext } from "./lowering.ts";

/** Elements in a chunk of the kernels that compute an exponential, which are several times slower than copies. */
const TRANSCENDENTAL_PER_CHUNK = ELEMENTS_PER_CHUNK / 4;

type MapKind = "relu" | "leakyRelu" | "hardSwish" | "sigmoid" | "tanh" | "gelu";
type GradientKind =
  | "reluGradient"
  | "leakyReluGradient"
  | "hardSwishGradient"
  | "sigmoidGradient"
  | "tanhGradient"
  | "geluGradient";

/** What every map takes: x, y, and how many elements there are in all and in a chunk. */
function mapCall(node: Node<MapKind>, context: LoweringContext, perChunk: number) {
  const x = context.buffer(node.inputs[0]);
  const y = context.buffer(node);
  const count = sizeOf(node.shape);
  return {
    arguments: { x, y, count, perChunk },
    chunks: chunksFor(count, perChunk),
    reads: [x],
    writes: [y],
    inPlace: x,
  };
}

/** What every gradient takes; the gradient usually dies here, so its memory is the one to take over. */
function gradientCall(node: Node<GradientKind>, context: LoweringContext, perChunk: number) {
  const kept = context.buffer(node.inputs[0]);
  const dy = context.buffer(node.inputs[1]);
  const dx = context.buffer(node);
  const count = sizeOf(node.shape);
  return {
    kept,
    arguments: { dy, dx, count, perChunk },
    chunks: chunksFor(count, perChunk),
    reads: [kept, dy],
    writes: [dx],
    inPlace: dy,
  };
}

export const lowerRelu: Lowering<"relu"> = (node, context) => {
  context.emit({ kernel: "relu", ...mapCall(node, context, ELEMENTS_PER_CHUNK) });
};

export const lowerLeakyRelu: Lowering<"leakyRelu"> = (node, context) => {
  const call = mapCall(node, context, ELEMENTS_PER_CHUNK);
  const { slope } = node.attributes;
  context.emit({ kernel: "leakyRelu", ...call, arguments: { ...call.arguments, slope } });
};

export const lowerHardSwish: Lowering<"hardSwish"> = (node, context) => {
  context.emit({ kernel: "hardSwish", ...mapCall(node, context, ELEMENTS_PER_CHUNK) });
};

export const lowerSigmoid: Lowering<"sigmoid"> = (node, context) => {
  context.emit({ kernel: "sigmoid", ...mapCall(node, context, TRANSCENDENTAL_PER_CHUNK) });
};

export const lowerTanh: Lowering<"tanh"> = (node, context) => {
  context.emit({ kernel: "tanh", ...mapCall(node, context, TRANSCENDENTAL_PER_CHUNK) });
};

export const lowerGelu: Lowering<"gelu"> = (node, context) => {
  const call = mapCall(node, context, TRANSCENDENTAL_PER_CHUNK);
  const approximate = node.attributes.approximate ? 1 : 0;
  context.emit({ kernel: "gelu", ...call, arguments: { ...call.arguments, approximate } });
};

export const lowerReluGradient: Lowering<"reluGradient"> = (node, context) => {
  const { kept, ...call } = gradientCall(node, context, ELEMENTS_PER_CHUNK);
  context.emit({ kernel: "reluGradient", ...call, arguments: { y: kept, ...call.arguments } });
};

export const lowerLeakyReluGradient: Lowering<"leakyReluGradient"> = (node, context) => {
  const { kept, ...call } = gradientCall(node, context, ELEMENTS_PER_CHUNK);
  const { slope } = node.attributes;
  context.emit({ kernel: "leakyReluGradient", ...call, arguments: { x: kept, ...call.arguments, slope } });
};

export const lowerHardSwishGradient: Lowering<"hardSwishGradient"> = (node, context) => {
  const { kept, ...call } = gradientCall(node, context, ELEMENTS_PER_CHUNK);
  context.emit({ kernel: "hardSwishGradient", ...call, arguments: { x: kept, ...call.arguments } });
};

export const lowerSigmoidGradient: Lowering<"sigmoidGradient"> = (node, context) => {
  const { kept, ...call } = gradientCall(node, context, ELEMENTS_PER_CHUNK);
  context.emit({ kernel: "sigmoidGradient", ...call, arguments: { y: kept, ...call.arguments } });
};

export const lowerTanhGradient: Lowering<"tanhGradient"> = (node, context) => {
  const { kept, ...call } = gradientCall(node, context, ELEMENTS_PER_CHUNK);
  context.emit({ kernel: "tanhGradient", ...call, arguments: { y: kept, ...call.arguments } });
};

export const lowerGeluGradient: Lowering<"geluGradient"> = (node, context) => {
  const { kept, ...call } = gradientCall(node, context, TRANSCENDENTAL_PER_CHUNK);
  const approximate = node.attributes.approximate ? 1 : 0;
  context.emit({ kernel: "geluGradient", ...call, arguments: { x: kept, ...call.arguments, approximate } });
};
