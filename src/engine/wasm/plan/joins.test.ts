import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gradients } from "../../../autodiff/index.ts";
import { isKind, type Node, topologicalOrder } from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import { RandomStream, type Shape, sizeOf, Tensor } from "../../../tensor/index.ts";
import { evaluate } from "../../reference/index.ts";
import { createWasmEngine, type WasmEngine } from "../index.ts";
import { findFusions } from "./fuse.ts";
import { joinGates } from "./gates.ts";
import { findJoins } from "./joins.ts";
import { gateOf } from "./uses.ts";

const build = createBuild("block");
const input = (name: string, shape: Shape) => build("input", [], { name, shape, dtype: "float32" });
const relu = (x: Node) => build("relu", [x], {});
const limited = (x: Node) => build("clip", [x], { minimum: 0, maximum: 0.75 });
const joined = (...parts: readonly Node[]) => build("concatenate", parts, { axis: 3 });

/** A convolution that keeps height and width, to `filters` channels. */
function convolved(x: Node, name: string, filters: number, size: number, groups = 1): Node {
  const around = (size - 1) / 2;
  const padding = { top: around, bottom: around, left: around, right: around };
  const filter = input(`${name} filter`, [size, size, x.shape[3] / groups, filters]);
  return build("conv2d", [x, filter], { strides: [1, 1], padding, dilations: [1, 1], groups });
}

const biased = (x: Node, name: string) => build("add", [x, input(`${name} bias`, [x.shape[3]])], {});

function normalized(x: Node, name: string): Node {
  const [gamma, beta] = ["gamma", "beta"].map((part) => input(`${name} ${part}`, [x.shape[3]]));
  return build("batchNormalize", [x, build("batchMoments", [x], {}), gamma, beta], { epsilon: 1e-3 });
}

function pooled(x: Node): Node {
  const padding = { top: 1, bottom: 1, left: 1, right: 1 };
  const outputSize = [x.shape[1], x.shape[2]] as const;
  return build("maxPool2d", [x], { poolSize: [3, 3], strides: [1, 1], padding, outputSize });
}

interface Block {
  readonly y: (x: Node) => Node;
  /** How many parts are written where they will lie. */
  readonly parts: number;
  /** How many slices each pass over a gradient makes. */
  readonly splits: readonly number[];
  /** How many gates of rectifiers are opened and closed, besides those in passes of a normalization. */
  readonly gates: number;
}

const blocks: Record<string, Block> = {
  "an inception module with biases": {
    y: (x) =>
      joined(
        relu(biased(convolved(x, "one", 8, 1), "one")),
        relu(
          biased(convolved(relu(biased(convolved(x, "reduce", 6, 1), "reduce")), "three", 20, 3), "three"),
        ),
        relu(biased(convolved(x, "five", 6, 5), "five")),
        relu(biased(convolved(pooled(x), "pool", 7, 1), "pool")),
      ),
    parts: 4,
    splits: [4],
    // Of all four, and of the one within.
    gates: 2,
  },
  "six branches with ceilings": {
    y: (x) =>
      joined(
        ...["a", "b", "c", "d", "e", "f"].map((name) => limited(biased(convolved(x, name, 5, 1), name))),
      ),
    parts: 6,
    splits: [4, 2],
    gates: 1,
  },
  "an inception module with normalizations, one with a ceiling and one with no rectifier": {
    y: (x) =>
      joined(
        relu(normalized(convolved(x, "one", 8, 1), "one")),
        limited(normalized(convolved(x, "three", 21, 3), "three")),
        normalized(convolved(pooled(x), "pool", 7, 1), "pool"),
      ),
    parts: 0,
    splits: [3],
    gates: 2,
  },
  "a depthwise convolution and one of few channels, which are copied to their places": {
    y: (x) =>
      joined(
        relu(biased(convolved(x, "depthwise", x.shape[3], 3, x.shape[3]), "depthwise")),
        relu(biased(convolved(x, "few", 3, 3), "few")),
      ),
    parts: 2,
    splits: [2],
    gates: 1,
  },
  "a rectified branch and a bare one, whose gate stays where it is": {
    y: (x) => joined(relu(biased(convolved(x, "one", 8, 1), "one")), convolved(x, "three", 9, 3)),
    parts: 1,
    splits: [2],
    gates: 1,
  },
  "what is read elsewhere, joined twice, or comes in": {
    y: (x) => {
      const part = relu(biased(convolved(x, "one", 8, 1), "one"));
      const twice = relu(biased(convolved(x, "two", 5, 1), "two"));
      return joined(part, twice, twice, x, convolved(part, "next", 4, 1));
    },
    parts: 1,
    splits: [4],
    gates: 2,
  },
};

/** A block, a convolution behind it, and the gradients of a weighed sum with respect to all inputs. */
function graphOf(make: (x: Node) => Node, shape: Shape): Node[] {
  const block = make(input("x", shape));
  const y = convolved(block, "last", 5, 1);
  const weighed = build("multiply", [y, input("weights", y.shape)], {});
  const loss = build("reduceSum", [weighed], { axes: [0, 1, 2, 3], keepDimensions: false });
  const leaves = topologicalOrder([y]).filter(({ kind }) => kind === "input");
  return [y, ...gradients(loss, leaves)];
}

/** The graph as it is planned: the gates joined, and what is fused. */
function planned(nodes: readonly Node[]) {
  const outputs = Object.fromEntries(nodes.map((node, index) => [String(index), node]));
  const roots = Object.values(joinGates({ outputs, updates: [] }).outputs);
  const [order, kept] = [topologicalOrder(roots), new Set(roots)];
  const fusions = findFusions(order, kept);
  return { order, fusions, joins: findJoins(order, fusions, kept) };
}

describe("parts of a concatenation", () => {
  it.each(Object.entries(blocks))("%s", (_, { y, parts, splits, gates }) => {
    const { order, fusions, joins } = planned(graphOf(y, [2, 7, 6, 12]));
    expect(joins.size).toBe(parts);
    expect(fusions.flatMap((fusion) => (fusion.kind === "split" ? [fusion.slices.length] : []))).toEqual(
      splits,
    );
    expect(order.filter((node) => gateOf(node) !== null)).toHaveLength(gates);
  });

  it("has memory of its own where it is an output, or joined along another axis", () => {
    const x = input("x", [2, 7, 6, 12]);
    const part = relu(biased(convolved(x, "one", 12, 1), "one"));
    const rows = build("concatenate", [relu(convolved(x, "two", 12, 1)), x], { axis: 1 });
    expect(planned([joined(part, x), part]).joins.size).toBe(0);
    expect(planned([rows]).joins.size).toBe(0);
  });
});

describe("values that lie in others", () => {
  const engines: WasmEngine[] = [];
  beforeAll(async () => {
    engines.push(
      await createWasmEngine({ threads: 1 }),
      await createWasmEngine({ threads: 3 }),
      await createWasmEngine({ threads: 2, precision: "exact" }),
    );
  });
  afterAll(() => Promise.all(engines.map((engine) => engine.close())));

  const shapes: readonly Shape[] = [
    [3, 13, 11, 16],
    [1, 4, 4, 12],
  ];
  const cases = Object.entries(blocks).flatMap(([name, { y }]) =>
    shapes.map((shape) => [`${name}, ${shape.join("x")}`, y, shape] as const),
  );

  it.each(cases)("%s", async (_, make, shape) => {
    const nodes = graphOf(make, shape);
    const outputs = Object.fromEntries(nodes.map((node, index) => [String(index), node]));
    const random = new RandomStream(3);
    const leaves = new Map(
      topologicalOrder(nodes)
        .filter((node): node is Node<"input"> => isKind(node, "input"))
        .map((leaf) => [
          leaf,
          Float64Array.from({ length: sizeOf(leaf.shape) }, () => Math.fround(random.normal())),
        ]),
    );
    const feeds = Object.fromEntries(
      [...leaves].map(([{ attributes, shape: of }, values]) => [
        attributes.name,
        Tensor.from([...values], of),
      ]),
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
        const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        expect(result[String(index)]?.data).toBeCloseToTensor(values, { absolute: 2e-5 * greatest });
      });
    }
    expect(results[1]).toEqual(results[0]);
  });
});
