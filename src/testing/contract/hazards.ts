import { describe, expect, test } from "vitest";
import type { Fetches, Session } from "../../engine/engine.ts";
import { evaluate } from "../../engine/reference/index.ts";
import type { Graph, Node } from "../../graph/index.ts";
import { createBuild, createUpdate } from "../../ops/index.ts";
import { type Shape, sizeOf, Tensor } from "../../tensor/index.ts";
import { type EngineOf, withSession } from "./options.ts";

const build = createBuild("hazard");
const size = 37;

function inputNode(name: string, shape: Shape = [size]): Node<"input"> {
  return build("input", [], { name, shape, dtype: "float32" });
}

function variableNode(name: string): Node<"variable"> {
  return build("variable", [], { name, shape: [size], dtype: "float32" });
}

function ramp(from: number, shape: Shape = [size]): Tensor {
  return Tensor.from(
    Array.from({ length: sizeOf(shape) }, (_, index) => from + (index % 11) / 4),
    shape,
  );
}

const scaled = (x: Node, factor: number) => build("affine", [x], { factor, offset: 0 });
const plus = (a: Node, b: Node) => build("add", [a, b], {});

async function runOnce(session: Session, graph: Graph, feeds: Record<string, Tensor>): Promise<Fetches> {
  const [outputs] = await (await session.compile(graph)).run([feeds]);
  return outputs;
}

/** Runs a graph of inputs only and compares all outputs with the reference. */
async function expectOutputs(
  engineOf: EngineOf,
  outputs: Graph["outputs"],
  feeds: Record<string, Tensor>,
): Promise<void> {
  const came = await withSession(engineOf(), (session) => runOnce(session, { outputs, updates: [] }, feeds));
  expect(Object.keys(came).sort()).toEqual(Object.keys(outputs).sort());
  const data = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, tensor.data]));
  for (const [name, node] of Object.entries(outputs)) {
    const [expected] = evaluate([node], data);
    expect(came[name].shape, name).toEqual(node.shape);
    expect(came[name].data, name).toBeCloseToTensor(expected, { relative: 1e-5, absolute: 1e-5 });
  }
}

function outputTests(engineOf: EngineOf): void {
  test("an output may feed further nodes", async () => {
    const x = inputNode("x");
    const middle = scaled(x, 2);
    await expectOutputs(engineOf, { last: build("relu", [plus(middle, x)], {}), middle }, { x: ramp(-1) });
  });

  test("a convolution is an output together with its bias and activation", async () => {
    const x = inputNode("x", [2, 6, 7, 3]);
    const w = inputNode("w", [3, 3, 3, 8]);
    const b = inputNode("b", [8]);
    const padding = { top: 1, bottom: 1, left: 1, right: 1 };
    const attributes = { strides: [1, 1], padding, dilations: [1, 1], groups: 1 } as const;
    const product = build("conv2d", [x, w], attributes);
    const biased = plus(product, b);
    const active = build("relu", [biased], {});
    const feeds = { x: ramp(-1, x.shape), w: ramp(-1.3, w.shape), b: ramp(-4, b.shape) };
    await expectOutputs(engineOf, { active }, feeds);
    await expectOutputs(engineOf, { active, biased }, feeds);
    await expectOutputs(engineOf, { active, product }, feeds);
    await expectOutputs(engineOf, { twice: plus(product, product), active }, feeds);
  });

  test("one node may be two outputs, and leaves may be outputs", async () => {
    const x = inputNode("x");
    const constant = build("constant", [], { value: 1.5, shape: [4] });
    const y = scaled(x, 3);
    await expectOutputs(engineOf, { first: y, second: y, fed: x, again: x, constant }, { x: ramp(0) });
  });

  test("one input may be used by two nodes of its name", async () => {
    await expectOutputs(engineOf, { sum: plus(inputNode("x"), scaled(inputNode("x"), 2)) }, { x: ramp(1) });
  });

  test("values live as long as something reads them", async () => {
    const x = inputNode("x");
    const layers: Node[] = [x];
    for (let depth = 1; depth < 12; depth++) {
      const [previous, before] = [layers[depth - 1], layers[Math.floor(depth / 3)]];
      layers.push(build("tanh", [plus(scaled(previous, 0.7), scaled(before, -0.4))], {}));
    }
    const ends = layers.slice(1).reduce(plus);
    await expectOutputs(engineOf, { ends, third: layers[3] }, { x: ramp(-1) });
  });

  test("an op may read one value twice, and views may be outputs of their source", async () => {
    const x = inputNode("x", [6, 5]);
    const square = build("multiply", [x, x], {});
    const rows = build("reshape", [square], { shape: [5, 6] });
    const part = build("slice", [rows], { begin: [1, 2], size: [2, 3] });
    const changed = build("relu", [scaled(rows, -1)], {});
    await expectOutputs(engineOf, { square, rows, part, changed }, { x: ramp(-1, [6, 5]) });
  });
}

function updateTests(engineOf: EngineOf): void {
  const average = (variable: Node<"variable">, value: Node) =>
    createUpdate("movingAverage", { momentum: 0 }, { variable, value });

  test("whatever reads a variable in a step sees it as it was before the step's updates", () =>
    withSession(engineOf(), async (session) => {
      const [a, x] = [variableNode("a"), inputNode("x")];
      const graph = { outputs: { a, twice: scaled(a, 2) }, updates: [average(a, plus(a, x))] };
      await session.allocate("a", { shape: a.shape, dtype: a.dtype });
      await session.write("a", ramp(1));
      const { a: before, twice } = await runOnce(session, graph, { x: ramp(5) });
      expect(before).toEqual(ramp(1));
      expect(twice.data).toEqual(ramp(1).data.map((value: number) => 2 * value));
      expect((await session.read("a")).data).toBeCloseToTensor(
        ramp(1).data.map((value, i) => value + ramp(5).data[i]),
      );
    }));

  test("two updates may read each other's variables", () =>
    withSession(engineOf(), async (session) => {
      const [a, b] = [variableNode("a"), variableNode("b")];
      const program = await session.compile({ outputs: {}, updates: [average(a, b), average(b, a)] });
      await session.write("a", ramp(1));
      await session.write("b", ramp(-7));
      await program.run([{}]);
      expect([await session.read("a"), await session.read("b")]).toEqual([ramp(-7), ramp(1)]);
    }));

  test("a gradient that is an output is the one that the update used", () =>
    withSession(engineOf(), async (session) => {
      const [w, x, rate] = [variableNode("w"), inputNode("x"), inputNode("rate", [1])];
      const gradient = build("multiply", [w, x], {});
      const update = createUpdate("sgd", { weightDecay: 0 }, { variable: w, value: gradient, hyper: rate });
      const program = await session.compile(
        { outputs: { gradient }, updates: [update] },
        { maximumSteps: 2 },
      );
      await session.write("w", ramp(1));
      const feeds = { x: ramp(2), rate: Tensor.from([0.5]) };
      const [first, second] = (await program.run([feeds, feeds])).map(({ gradient: used }) => used.data);
      const before = ramp(1).data;
      const x0 = ramp(2).data;
      const after = before.map((value, i) => value - 0.5 * value * x0[i]);
      expect(first).toBeCloseToTensor(
        before.map((value, i) => value * x0[i]),
        { absolute: 1e-5 },
      );
      expect(second).toBeCloseToTensor(
        after.map((value, i) => value * x0[i]),
        { absolute: 1e-5 },
      );
    }));

  test("an update may read its optimizer's slot elsewhere in the step", () =>
    withSession(engineOf(), async (session) => {
      const [w, velocity, x, rate] = [
        variableNode("w"),
        variableNode("v"),
        inputNode("x"),
        inputNode("rate", [1]),
      ];
      const attributes = { weightDecay: 0, momentum: 0.5, nesterov: false };
      const update = createUpdate("momentum", attributes, {
        variable: w,
        value: x,
        slots: [velocity],
        hyper: rate,
      });
      const graph = { outputs: { velocity, w }, updates: [update] };
      const program = await session.compile(graph, { maximumSteps: 2 });
      const feeds = { x: ramp(2), rate: Tensor.from([1]) };
      const [first, second] = (await program.run([feeds, feeds])).map(({ velocity: v, w: weight }) => ({
        v,
        weight,
      }));
      expect(first.v).toEqual(Tensor.zeros("float32", [size]));
      expect(second.v.data).toEqual(ramp(2).data.map((value: number) => -value));
      expect(second.weight.data).toEqual(ramp(2).data.map((value: number) => -value));
      expect((await session.read("v")).data).toBeCloseToTensor(
        ramp(2).data.map((value: number) => -1.5 * value),
      );
    }));
}

/** Outputs and updates that an engine that shares or reuses memory could get wrong. */
export function hazardContract(engineOf: EngineOf): void {
  describe("memory", () => {
    outputTests(engineOf);
    updateTests(engineOf);
  });
}
