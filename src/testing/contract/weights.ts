import { describe, expect, test } from "vitest";
import type { Session } from "../../engine/engine.ts";
import { evaluate } from "../../engine/reference/index.ts";
import type { Graph, Node } from "../../graph/index.ts";
import { createBuild, createUpdate } from "../../ops/index.ts";
import { RandomStream, type Shape, sizeOf, Tensor } from "../../tensor/index.ts";
import { type EngineOf, withSession } from "./options.ts";

const build = createBuild("net");
const variable = (name: string, shape: Shape): Node<"variable"> =>
  build("variable", [], { name, shape, dtype: "float32" });
const image = build("input", [], { name: "image", shape: [2, 6, 7, 16], dtype: "float32" });
const padding = { top: 1, bottom: 1, left: 1, right: 1 };
const attributes = { strides: [1, 1], padding, dilations: [1, 1], groups: 1 } as const;

const filter = variable("filter", [3, 3, 16, 16]);
const state = [filter, variable("pointwise", [1, 1, 16, 5])] as const;
const statistics = ["mean", "variance", "gamma", "beta"].map((name) => variable(name, [16]));

/** Convolution, normalization by running statistics, ReLU, pointwise convolution: what an engine may prepare. */
function prediction(): Graph {
  const [mean, variance, gamma, beta] = statistics;
  const rows = [mean, variance].map((row) => build("reshape", [row], { shape: [1, 16] }));
  const moments = build("concatenate", rows, { axis: 0 });
  const y = build("conv2d", [image, filter], attributes);
  const normal = build("batchNormalize", [y, moments, gamma, beta], { epsilon: 1e-3 });
  const none = { top: 0, bottom: 0, left: 0, right: 0 };
  const logits = build("conv2d", [build("relu", [normal], {}), state[1]], { ...attributes, padding: none });
  return { outputs: { logits }, updates: [] };
}

/** filter -= rate * step. */
function training(): Graph {
  const step = build("input", [], { name: "step", shape: filter.shape, dtype: "float32" });
  const hyper = build("input", [], { name: "rate", shape: [1], dtype: "float32" });
  const update = createUpdate("sgd", { weightDecay: 0 }, { variable: filter, value: step, hyper });
  return { outputs: {}, updates: [update] };
}

const random = new RandomStream(11);
const drawn = (shape: Shape, from = -0.5) =>
  Tensor.from(
    Array.from({ length: sizeOf(shape) }, () => from + random.uniform()),
    shape,
  );

/** A session with values for all variables, which are known here too. */
async function filled(session: Session) {
  const values: Record<string, ArrayLike<number>> = {};
  const write = (node: Node<"variable">, value: Tensor) => {
    values[node.attributes.name] = value.data.slice();
    return session.write(node.attributes.name, value);
  };
  const program = await session.compile(prediction(), { maximumSteps: 2 });
  for (const node of state) await write(node, drawn(node.shape));
  for (const node of statistics) await write(node, drawn(node.shape, 0.5));
  const feeds = { image: drawn(image.shape) };
  /** What a run must give that is asked for now. */
  const expected = () =>
    evaluate(Object.values(prediction().outputs), { ...values, image: feeds.image.data })[0];
  const compare = async (running: Promise<readonly Readonly<Record<string, Tensor>>[]>) => {
    const due = expected();
    for (const { logits } of await running)
      expect(logits.data).toBeCloseToTensor(due, { relative: 1e-4, absolute: 1e-4 });
  };
  return { program, feeds, values, write, compare };
}

/** Weights that change between runs: an engine may keep what it has made of them only as long as they stay. */
export function weightContract(engineOf: EngineOf): void {
  describe("weights", () => {
    test("a run sees the weights that were written last before it, awaited or not", () =>
      withSession(engineOf(), async (session) => {
        const { program, feeds, write, compare } = await filled(session);
        const runs = [compare(program.run([feeds, feeds])), compare(program.run([feeds]))];
        for (const node of [...state, ...statistics]) {
          const written = write(node, drawn(node.shape, 0.25));
          runs.push(compare(program.run([feeds, feeds])), compare(program.run([feeds])));
          runs.push(written);
        }
        await Promise.all(runs);
      }));

    test("a run sees what another program has made of the weights", () =>
      withSession(engineOf(), async (session) => {
        const { program, feeds, values, compare } = await filled(session);
        const trainer = await session.compile(training(), { maximumSteps: 2 });
        const step = drawn(filter.shape);
        const rate = Tensor.from([0.5]);
        const runs = [compare(program.run([feeds]))];
        for (let round = 0; round < 3; round++) {
          runs.push(
            trainer
              .run([
                { step, rate },
                { step, rate },
              ])
              .then(() => {}),
          );
          values["filter"] = Array.from(values["filter"] ?? [], (value, i) => value - (step.data[i] ?? 0));
          runs.push(compare(program.run([feeds, feeds])));
        }
        runs.push(trainer.profile({ step, rate }).then(() => {}));
        values["filter"] = Array.from(
          values["filter"] ?? [],
          (value, i) => value - 0.5 * (step.data[i] ?? 0),
        );
        runs.push(compare(program.run([feeds])));
        await Promise.all(runs);
      }));

    test("a lease sees the weights where they are, and what it makes goes with it", () =>
      withSession(engineOf(), async (session) => {
        const { program, feeds, write, compare, values } = await filled(session);
        await compare(program.run([feeds]));
        const before = [...session.variables().keys()];
        for (let round = 0; round < 2; round++) {
          const lease = await session.lease();
          expect([...lease.variables().keys()]).toEqual(before);
          const leased = await lease.compile(prediction());
          await compare(leased.run([feeds]));
          // Written here or there: both see it.
          await write(filter, drawn(filter.shape, 0.5));
          await Promise.all([compare(leased.run([feeds])), compare(program.run([feeds]))]);
          const value = drawn(filter.shape, 0.75 + round);
          values["filter"] = [...value.data];
          await lease.write("filter", value);
          await Promise.all([compare(program.run([feeds])), compare(leased.run([feeds]))]);
          expect((await lease.read("filter")).data).toEqual(value.data);
          await lease.allocate("own", { shape: [2], dtype: "float32" });
          expect([...lease.variables().keys()]).toEqual([...before, "own"]);
          await lease.close();
          expect([...session.variables().keys()]).toEqual(before);
          await expect(lease.compile(prediction())).rejects.toThrow("the session is closed");
          await expect(leased.run([feeds])).rejects.toThrow("the session is closed");
          await compare(program.run([feeds]));
        }
      }));

    test("a lease ends with its session", async () => {
      const session = await engineOf().openSession();
      const lease = await session.lease();
      await lease.allocate("own", { shape: [2], dtype: "float32" });
      await session.close();
      await expect(lease.compile(prediction())).rejects.toThrow("the session is closed");
      await expect(session.lease()).rejects.toThrow("the session is closed");
      await lease.close();
    });

    test("two programs and a profile work on the same weights", () =>
      withSession(engineOf(), async (session) => {
        const { program, feeds, write, compare } = await filled(session);
        const other = await session.compile(prediction());
        await compare(other.run([feeds]));
        await write(filter, drawn(filter.shape));
        await program.profile(feeds);
        await compare(program.run([feeds]));
        await compare(other.run([feeds]));
        await write(filter, drawn(filter.shape));
        await compare(other.run([feeds]));
        await compare(program.run([feeds]));
      }));
  });
}
