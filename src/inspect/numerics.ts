/**
 * How far the engine's convolutions and matrix products are from the same sums in float64, algorithm by algorithm.
 *
 * The error of an output is relative to the sum of the absolute values of its products: |y - y64| / sum |x| |w|. The output
 * itself may be near zero by cancellation, which is not the algorithm's doing; sum |x| |w| is what rounding errors of the
 * terms are a share of (N. Higham: "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1).
 */
import { createReferenceEngine, type Engine } from "../engine/index.ts";
import type { Graph, Node } from "../graph/index.ts";
import { type Build, createBuild, resolvePadding } from "../ops/index.ts";
import { allocate, RandomStream, type Shape, sizeOf, Tensor } from "../tensor/index.ts";

/** What is computed. */
export type SumKind = "conv2d" | "conv2dInputGradient" | "conv2dFilterGradient" | "matmul";

/** The greatest error of one algorithm. */
export interface AlgorithmError {
  /** The engine's word for it, without sizes: `Winograd F(4x4, 3x3)`. */
  readonly algorithm: string;
  readonly gradient: "values" | "filter gradient";
  /** Operations that were measured. */
  readonly operations: number;
  /** Greatest |y - y64| / sum |x| |w| over all their outputs. */
  readonly greatestError: number;
  /** Root of the mean square of it. */
  readonly typicalError: number;
}

/** A drawn operation: a kind and the shapes of a convolution's operands; for "matmul" the filter is the right operand. */
interface Draw {
  readonly kind: SumKind;
  readonly x: Shape;
  readonly filter: Shape;
  readonly stride: number;
  readonly groups: number;
}

const kinds: readonly SumKind[] = ["conv2d", "conv2dInputGradient", "conv2dFilterGradient"];

/** Each algorithm is met: pointwise, few channels, depthwise, and those of three sizes with strides 1 and 2. */
function drawShapes(stream: RandomStream): Draw[] {
  const of = <T>(...values: readonly T[]): T => values[stream.integer(values.length)];
  const size = 6 + stream.integer(15);
  const batch = 1 + stream.integer(3);
  const kernel = of(1, 3, 3, 3, 5, 5, 7);
  const depthwise = kernel === 3 && stream.integer(4) === 0;
  const channels = of(1, 3, 16, 24, 32, 64);
  const groups = depthwise ? channels : 1;
  const filters = depthwise ? channels : of(16, 24, 32, 64);
  const x = [batch, size, size, channels];
  const filter = [kernel, kernel, channels / groups, filters];
  const shapes = { x, filter, stride: of(1, 1, 1, 2), groups };
  const product: Draw = {
    kind: "matmul",
    x: [of(8, 100) * batch, size * size],
    filter: [size * size, filters],
    stride: 1,
    groups: 1,
  };
  return [...kinds.map((kind) => ({ kind, ...shapes })), product];
}

/**
 * Draws operations and measures them on an engine.
 *
 * @param options - `shapes`: how many convolutions to draw, each forward and with both gradients; `seed`
 */
export async function measureErrors(
  engine: Engine,
  options: { readonly shapes: number; readonly seed: number },
): Promise<AlgorithmError[]> {
  const stream = new RandomStream(options.seed);
  const found = new Map<string, { operations: number; greatest: number; squares: number; outputs: number }>();
  for (let index = 0; index < options.shapes; index++) {
    for (const draw of drawShapes(stream)) {
      const { algorithm, errors } = await measureDraw(engine, draw, stream);
      const gradient = draw.kind === "conv2dFilterGradient" ? "filter gradient" : "values";
      const key = JSON.stringify([algorithm, gradient]);
      const entry = found.get(key) ?? { operations: 0, greatest: 0, squares: 0, outputs: 0 };
      entry.operations++;
      entry.outputs += errors.length;
      for (const error of errors) {
        entry.greatest = Math.max(entry.greatest, error);
        entry.squares += error * error;
      }
      found.set(key, entry);
    }
  }
  return [...found].map(([key, { operations, greatest, squares, outputs }]): AlgorithmError => {
    const [algorithm, gradient] = JSON.parse(key);
    return {
      algorithm,
      gradient,
      operations,
      greatestError: greatest,
      typicalError: Math.sqrt(squares / outputs),
    };
  });
}

async function measureDraw(
  engine: Engine,
  draw: Draw,
  stream: RandomStream,
): Promise<{ readonly algorithm: string; readonly errors: Float64Array }> {
  const { graph, operands } = graphOf(draw);
  const values = Object.fromEntries(
    operands.map((node, index) => [operandNames[index], randomTensor(node.shape, stream)]),
  );
  const absolute = Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [
      name,
      new Tensor("float32", shape, data.map(Math.abs)),
    ]),
  );
  const [session, reference] = [await engine.openSession(), await createReferenceEngine().openSession()];
  try {
    const program = await session.compile(graph);
    const [{ y }] = await program.run([values]);
    const exact = await reference.compile(graph, { maximumSteps: 2 });
    const [sums, magnitudes] = await exact.runExact([values, absolute]);
    const errors = Float64Array.from(y.data, (value, index) => {
      const magnitude = magnitudes["y"][index];
      // Where no product is there, as at a corner that no window sees, the sum is zero for both.
      return magnitude === 0 ? Math.abs(value) : Math.abs(value - sums["y"][index]) / magnitude;
    });
    const operation = program.plan.operations.find(
      ({ computes, algorithm }) => computes.includes(draw.kind) && algorithm !== "",
    );
    return { algorithm: familyOf(operation?.algorithm ?? ""), errors };
  } finally {
    await session.close();
    await reference.close();
  }
}

const operandNames = ["a", "b"] as const;

/** A graph of one operation, output `y`. */
function graphOf(draw: Draw): { readonly graph: Graph; readonly operands: readonly Node[] } {
  const build = createBuild();
  const input = (index: 0 | 1, shape: Shape) =>
    build("input", [], { name: operandNames[index], shape, dtype: "float32" });
  const { node, operands } = buildNode(draw, build, input);
  return { graph: { outputs: { y: node }, updates: [] }, operands };
}

function buildNode(
  { kind, x, filter, stride, groups }: Draw,
  build: Build,
  input: (index: 0 | 1, shape: Shape) => Node,
): { readonly node: Node; readonly operands: readonly Node[] } {
  if (kind === "matmul") {
    const operands = [input(0, x), input(1, filter)];
    return { node: build("matmul", operands, { transposeA: false, transposeB: false }), operands };
  }
  const strides = [stride, stride] as const;
  const geometry = { inputSize: [x[1], x[2]], kernelSize: [filter[0], filter[1]], strides } as const;
  const padding = resolvePadding("same", geometry);
  const attributes = { strides, padding, dilations: [1, 1], groups } as const;
  const outputSize = [Math.ceil(x[1] / stride), Math.ceil(x[2] / stride)];
  const y = [x[0], ...outputSize, filter[3]];
  switch (kind) {
    case "conv2d": {
      const operands = [input(0, x), input(1, filter)];
      return { node: build(kind, operands, attributes), operands };
    }
    case "conv2dInputGradient": {
      const operands = [input(0, y), input(1, filter)];
      return { node: build(kind, operands, { ...attributes, inputShape: x }), operands };
    }
    case "conv2dFilterGradient": {
      const operands = [input(0, x), input(1, y)];
      return { node: build(kind, operands, { ...attributes, filterShape: filter }), operands };
    }
  }
}

/** Values in [-1, 1). */
function randomTensor(shape: Shape, stream: RandomStream): Tensor<"float32"> {
  const values = allocate("float32", sizeOf(shape));
  for (let index = 0; index < values.length; index++) values[index] = 2 * stream.uniform() - 1;
  return new Tensor("float32", shape, values);
}

/** `Winograd F(4x4, 3x3), turned kernel` -> `Winograd F(4x4, 3x3)`; `direct, 5x5, along the image` -> `direct`. */
function familyOf(algorithm: string): string {
  const winograd = /^Winograd F\([^)]*\)/.exec(algorithm);
  if (winograd !== null) return winograd[0];
  return algorithm.split(",")[0].replace(/^blocked /, "");
}
