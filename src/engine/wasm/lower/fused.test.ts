import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gradients } from "../../../autodiff/index.ts";
import { type Node, topologicalOrder } from "../../../graph/index.ts";
import { type Build, createBuild } from "../../../ops/index.ts";
import { RandomStream, type Shape, sizeOf, Tensor } from "../../../tensor/index.ts";
import { runLowering, variants } from "../../../testing/run-lowering.ts";
import { evaluate } from "../../reference/index.ts";
import { createWasmEngine, type WasmEngine } from "../index.ts";
import { findFusions } from "../plan/fuse.ts";
import { storeOf, takeTurns } from "../plan/schedule.ts";
import { lowerFusion } from "./fused.ts";
import { lower } from "./table.ts";

const build: Build = createBuild("block");
const epsilon = 1e-3;
const input = (name: string, shape: Shape) => build("input", [], { name, shape, dtype: "float32" });
const relu = (x: Node) => build("relu", [x], {});
/** A rectifier with a ceiling, as ReLU6 is; this low, so that many values reach it. */
const limited = (x: Node) => build("clip", [x], { minimum: 0, maximum: 0.75 });
const swish = (x: Node) => build("hardSwish", [x], {});
const add = (a: Node, b: Node) => build("add", [a, b], {});
const scaled = (x: Node, factor: number) => build("affine", [x], { factor, offset: 0.1 });

/** A block of layers by its inputs; and what it should be fused to, in any order, forwards and backwards. */
interface Block {
  readonly y: (operands: Operands) => Node;
  readonly fusions: readonly string[];
}

interface Operands {
  readonly x: Node;
  readonly other: Node;
  readonly normalized: (x: Node) => Node;
  /** A convolution that keeps the shape, with a kernel of this size. */
  readonly convolved: (
    x: Node,
    size: 1 | 3,
    walk?: { readonly stride?: 1 | 2; readonly depthwise?: boolean },
  ) => Node;
  readonly beta: Node;
}

const backwards = ["normalizeGradient", "normalizeReduce"] as const;

const blocks: Record<string, Block> = {
  "normalization alone": {
    y: ({ x, normalized }) => normalized(scaled(x, 2)),
    fusions: ["normalizeGradient"],
  },
  "normalization and ReLU": {
    y: ({ x, normalized }) => relu(normalized(scaled(x, 2))),
    fusions: ["normalize", ...backwards],
  },
  "normalization and a rectifier with a ceiling": {
    y: ({ x, normalized }) => limited(normalized(scaled(x, 2))),
    fusions: ["normalize", ...backwards],
  },
  "a residual added to a normalization, and a rectifier with a ceiling, used twice": {
    y: ({ x, other, normalized }) => {
      const y = limited(add(normalized(scaled(x, 2)), scaled(other, 3)));
      return add(scaled(y, 2), build("tanh", [y], {}));
    },
    fusions: ["normalize", ...backwards],
  },
  "a residual added to a normalization, and ReLU": {
    y: ({ x, other, normalized }) => relu(add(normalized(scaled(x, 2)), scaled(other, 3))),
    fusions: ["normalize", ...backwards],
  },
  "a normalization added to a residual": {
    y: ({ x, other, normalized }) => add(scaled(other, 3), normalized(scaled(x, 2))),
    fusions: ["normalize", "normalizeGradient"],
  },
  "a block whose result is used twice, so that its gradient is a sum": {
    y: ({ x, other, normalized }) => {
      const y = relu(add(normalized(scaled(x, 2)), other));
      return add(scaled(y, 2), build("tanh", [y], {}));
    },
    fusions: ["normalize", ...backwards],
  },
  "two blocks, the second around the first": {
    y: ({ x, other, normalized }) => {
      const y = relu(add(normalized(scaled(x, 2)), other));
      return relu(add(normalized(relu(normalized(scaled(y, 0.5)))), y));
    },
    fusions: ["normalize", "normalize", "normalize", ...backwards, ...backwards, ...backwards],
  },
  "two normalizations that are added": {
    y: ({ x, other, normalized }) => relu(add(normalized(scaled(x, 2)), normalized(scaled(other, -2)))),
    fusions: ["normalize", "normalizeGradient", "normalizeGradient", "normalizeReduce"],
  },
  "normalization straight after normalization": {
    y: ({ x, normalized }) => relu(normalized(relu(normalized(x)))),
    fusions: ["normalize", "normalize", ...backwards, ...backwards],
  },
  "a sum and ReLU": {
    y: ({ x, other }) => relu(add(scaled(x, 2), other)),
    fusions: ["rectifiedSum"],
  },
  "a bias and ReLU": {
    y: ({ x, beta }) => relu(add(scaled(x, 2), beta)),
    fusions: ["gatedSums"],
  },
  "ReLU and the greatest of windows": {
    y: ({ x, beta }) => pooled(relu(add(scaled(x, 2), beta)), [2, 2]),
    fusions: ["rectifiedPoolGradient"],
  },
  "ReLU and the greatest of windows that overlap": {
    y: ({ x }) => pooled(relu(scaled(x, 2)), [2, 1]),
    fusions: ["rectifiedPoolGradient"],
  },
};

/** The same with convolutions, whose scratch is an engine's to give. */
const convolutions: Record<string, Block> = {
  "two convolutions of stride 2 behind ReLU, whose gradients are added": {
    y: ({ x, convolved }) => {
      const active = relu(scaled(x, 2));
      return add(convolved(active, 3, { stride: 2 }), convolved(active, 1, { stride: 2 }));
    },
    fusions: ["product", "product"],
  },
  "a depthwise convolution with a residual, behind ReLU": {
    y: ({ x, other, beta, convolved }) =>
      add(add(convolved(relu(scaled(x, 2)), 3, { depthwise: true }), beta), scaled(other, 2)),
    fusions: ["product", "product"],
  },
  "an inverted residual: pointwise, depthwise, pointwise, with ceilings": {
    y: ({ x, normalized, convolved }) => {
      const wide = limited(normalized(convolved(x, 1)));
      const seen = limited(normalized(convolved(wide, 3, { depthwise: true })));
      return add(x, normalized(convolved(seen, 1)));
    },
    fusions: [
      ...["normalize", "normalize", "normalize"],
      ...["normalizeGradient", "normalizeGradient", "normalizeGradient"],
      ...["normalizeReduce", "normalizeReduce", "product"],
    ],
  },
  "a depthwise convolution of stride 2 and ReLU, behind ReLU": {
    y: ({ x, beta, convolved }) =>
      relu(add(convolved(relu(scaled(x, 2)), 3, { depthwise: true, stride: 2 }), beta)),
    fusions: ["gatedSums", "product", "product"],
  },
};
for (const size of [1, 3] as const) {
  const name = `${size}x${size} convolution`;
  Object.assign(convolutions, {
    [`${name}, bias, residual and ReLU`]: {
      y: ({ x, other, beta, convolved }) => relu(add(scaled(other, 2), add(convolved(x, size), beta))),
      fusions: ["gatedSums", "product"],
    },
    [`two of ${name} with bias that are added`]: {
      y: ({ x, other, beta, convolved }) =>
        relu(add(add(convolved(x, size), beta), add(convolved(other, size), beta))),
      fusions: ["gatedSums", "product", "product"],
    },
    [`${name} behind ReLU`]: {
      y: ({ x, convolved }) => convolved(relu(scaled(x, 2)), size),
      fusions: ["product"],
    },
    [`${name}, bias and a ceiling, behind a ceiling`]: {
      y: ({ x, beta, convolved }) => limited(add(convolved(limited(scaled(x, 2)), size), beta)),
      fusions: ["product", "product"],
    },
    [`${name} with a residual and a ceiling, around which a residual goes`]: {
      y: ({ x, other, convolved }) => {
        const active = limited(scaled(x, 2));
        return add(limited(add(convolved(active, size), other)), scaled(active, 0.5));
      },
      fusions: ["product", "product"],
    },
    [`${name} around which a residual goes`]: {
      y: ({ x, other, convolved }) => {
        const active = relu(add(scaled(x, 2), other));
        return add(convolved(active, size), scaled(active, 0.5));
      },
      fusions: ["rectifiedSum", "product", "product"],
    },
    [`residual blocks of ${name} and normalization`]: {
      y: ({ x, other, normalized, convolved }) => {
        const block = (z: Node) => {
          const inner = relu(normalized(convolved(z, size)));
          return relu(add(normalized(convolved(inner, size)), z));
        };
        return block(block(add(x, other)));
      },
      // Of the gradients of four normalizations two work their gate out. Those behind the sums get it from a product: the
      // second block's from the loss, the first one's with the gradient of the way around.
      fusions: [
        ...["normalize", "normalize", "normalize", "normalize"],
        ...["normalizeGradient", "normalizeGradient", "normalizeGradient", "normalizeGradient"],
        ...["normalizeReduce", "normalizeReduce", "normalizeReduce"],
        ...["product", "product"],
      ],
    },
  } satisfies Record<string, Block>);
}

function pooled(x: Node, strides: readonly [number, number]): Node {
  const [, height, width] = x.shape;
  const padding = { top: 0, bottom: 0, left: 0, right: 0 };
  const outputSize = [Math.floor((height - 2) / strides[0]) + 1, Math.floor((width - 2) / strides[1]) + 1];
  return build("maxPool2d", [x], {
    ...{ poolSize: [2, 2], strides, padding },
    outputSize: [outputSize[0], outputSize[1]],
  });
}

const filterOf = (size: number, channels: number) => input(`filter${size}`, [size, size, channels, channels]);

/** A block's result and the gradients of a weighted sum of it with respect to all its inputs. */
function graphOf({ y: make }: Block, shape: Shape) {
  const channels = [shape[shape.length - 1]];
  const [x, other] = [input("x", shape), input("other", shape)];
  const [gamma, beta] = [input("gamma", channels), input("beta", channels)];
  const normalized = (of: Node) =>
    build("batchNormalize", [of, build("batchMoments", [of], {}), gamma, beta], { epsilon });
  const filters = { 1: filterOf(1, channels[0]), 3: filterOf(3, channels[0]) };
  const depthwiseFilter = input("depthwise", [3, 3, 1, channels[0]]);
  const convolved: Operands["convolved"] = (of, size, { stride = 1, depthwise = false } = {}) => {
    const around = (size - 1) / 2;
    const padding = { top: around, bottom: around, left: around, right: around };
    const groups = depthwise ? channels[0] : 1;
    const attributes = { strides: [stride, stride], padding, dilations: [1, 1], groups } as const;
    return build("conv2d", [of, depthwise ? depthwiseFilter : filters[size]], attributes);
  };
  const y = make({ x, other, normalized, convolved, beta });
  const weighted = build("multiply", [y, input("weights", y.shape)], {});
  const total = build("reduceSum", [weighted], {
    axes: y.shape.map((_, axis) => axis),
    keepDimensions: false,
  });
  const loss = build("reshape", [total], { shape: [1] });
  const reached = topologicalOrder([loss]);
  const wanted = [x, other, gamma, beta, ...Object.values(filters), depthwiseFilter].filter((leaf) =>
    reached.includes(leaf),
  );
  return [y, ...gradients(loss, wanted)];
}

const shapes: readonly Shape[] = [
  [6, 5, 4, 6],
  [5, 9, 7, 3],
  [2, 6, 6, 16],
  [3, 5, 4, 65],
];

function valuesFor(outputs: readonly Node[]): Map<Node, Float64Array> {
  const random = new RandomStream(5);
  const leaves = topologicalOrder(outputs).filter(({ kind }) => kind === "input");
  return new Map(
    leaves.map((leaf) => {
      const values = Array.from({ length: sizeOf(leaf.shape) }, () => Math.fround(random.normal()));
      return [leaf, Float64Array.from(values)];
    }),
  );
}

const exactly = { absolute: 0, relative: 0 };

/** Forwards alone: the gradient of hard-swish reads what went into it. */
const forwards: Record<string, Block> = {
  "1x1 convolution, bias, residual and hard-swish": {
    y: ({ x, other, beta, convolved }) => swish(add(add(convolved(x, 1), beta), other)),
    fusions: ["product"],
  },
  "3x3 convolution and hard-swish": {
    y: ({ x, convolved }) => swish(convolved(x, 3)),
    fusions: ["product"],
  },
  "a depthwise convolution, bias and hard-swish": {
    y: ({ x, beta, convolved }) => swish(add(convolved(x, 3, { depthwise: true, stride: 2 }), beta)),
    fusions: ["product"],
  },
};

test.each(Object.entries(forwards))("%s: fused forwards, not in training", (_, block) => {
  const [y, ...derived] = graphOf(block, [2, 6, 6, 16]);
  const kindsOf = (outputs: readonly Node[]) =>
    findFusions(topologicalOrder(outputs), new Set(outputs)).flatMap(({ members }) =>
      members.map(({ kind }) => kind),
    );
  expect(kindsOf([y])).toContain("hardSwish");
  expect(kindsOf([y, ...derived])).not.toContain("hardSwish");
});

test.each(Object.entries({ ...blocks, ...convolutions }))("%s: fused", (_, block) => {
  const outputs = graphOf(block, [2, 6, 6, 16]);
  const fusions = findFusions(topologicalOrder(outputs), new Set(outputs));
  expect(fusions.map(({ kind }) => kind).sort()).toEqual([...block.fusions].sort());
});

describe.each(Object.entries(blocks))("%s", (_, block) => {
  test.each(shapes.map((shape) => [shape.join("x"), shape] as const))("%s", (_, shape) => {
    const outputs = graphOf(block, shape);
    const order = topologicalOrder(outputs);
    const { turns } = takeTurns(order, findFusions(order, new Set(outputs)));
    const leaves = valuesFor(outputs);
    const expected = evaluate(outputs, leaves);
    for (const variant of variants) {
      const run = (reversed: boolean) =>
        runLowering(
          (plain) => {
            const context = { ...plain, buffer: (node: Node) => plain.buffer(storeOf(node)) };
            for (const turn of turns) {
              if ("members" in turn) lowerFusion(turn, context);
              else lower(turn, context);
            }
          },
          new Map<Node, ArrayLike<number>>([...leaves, ...constantsOf(order)]),
          outputs.map(storeOf),
          { variant, reversed },
        );
      const results = run(false);
      results.forEach((result, index) => {
        // Sums over the batch of terms up to about 3.
        expect([...result]).toBeCloseToTensor(expected[index], { absolute: 1e-4, relative: 1e-4 });
        expect([...run(true)[index]]).toBeCloseToTensor([...result], exactly);
      });
    }
  });
});

function constantsOf(order: readonly Node[]): [Node, number[]][] {
  return order.flatMap((node) => {
    if (node.kind !== "constant") return [];
    const { value } = node.attributes as { readonly value: number };
    return [[node, Array<number>(sizeOf(node.shape)).fill(value)]];
  });
}

describe("fused in an engine, in memory that is reused", () => {
  const engines: WasmEngine[] = [];
  beforeAll(async () => {
    engines.push(
      await createWasmEngine({ threads: 1 }),
      await createWasmEngine({ threads: 3 }),
      await createWasmEngine({ threads: 2, precision: "exact" }),
    );
  });
  afterAll(() => Promise.all(engines.map((engine) => engine.close())));

  const cases = Object.entries({ ...blocks, ...convolutions, ...forwards }).flatMap(([name, block]) =>
    [12, 16].map((channels) => [name, channels, block] as const),
  );

  test.each(cases)("%s, %i channels", async (name, channels, block) => {
    const whole = graphOf(block, [4, 17, 23, channels]);
    const nodes = Object.hasOwn(forwards, name) ? whole.slice(0, 1) : whole;
    const outputs = Object.fromEntries(nodes.map((node, index) => [String(index), node]));
    const leaves = valuesFor(nodes);
    const feeds = Object.fromEntries(
      [...leaves].map(([leaf, values]) => [nameOf(leaf), Tensor.from([...values], leaf.shape)]),
    );
    const expected = evaluate(nodes, leaves);
    const results = await Promise.all(
      engines.map(async (engine) => {
        const session = await engine.openSession();
        const program = await session.compile({ outputs, updates: [] });
        const [result] = await program.run([feeds]);
        await session.close();
        return result;
      }),
    );
    for (const result of results) {
      expected.forEach((values, index) => {
        expect(result[String(index)]?.data).toBeCloseToTensor(values, { absolute: 2e-3, relative: 1e-4 });
      });
    }
    expect(results[1]).toEqual(results[0]);
  });
});

function nameOf(leaf: Node): string {
  const { name } = leaf.attributes as { readonly name: string };
  return name;
}
