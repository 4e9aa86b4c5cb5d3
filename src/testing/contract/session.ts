import { describe, expect, test } from "vitest";
import type { Session } from "../../engine/engine.ts";
import type { Graph, Node } from "../../graph/index.ts";
import { createBuild, createUpdate } from "../../ops/index.ts";
import { type DType, type Shape, sizeOf, Tensor } from "../../tensor/index.ts";
import { type EngineOf, withSession } from "./options.ts";

const build = createBuild("contract");

function inputNode(name: string, shape: Shape, dtype: DType = "float32"): Node<"input"> {
  return build("input", [], { name, shape, dtype });
}

function variableNode(name: string, shape: Shape, dtype: DType = "float32"): Node<"variable"> {
  return build("variable", [], { name, shape, dtype });
}

/** total += x, and outputs: the total before, and x + total. */
function accumulator(name = "total", shape: Shape = [3]): Graph {
  const total = variableNode(name, shape);
  const x = inputNode("x", shape);
  const sum = build("add", [total, x], {});
  return {
    outputs: { before: total, sum },
    updates: [createUpdate("movingAverage", { momentum: 0 }, { variable: total, value: sum })],
  };
}

const three = (a: number, b: number, c: number) => ({ x: Tensor.from([a, b, c]) });

function stateTests(inSession: (run: (session: Session) => Promise<void>) => () => Promise<void>): void {
  test(
    "variables start at zero and persist across runs and programs",
    inSession(async (session) => {
      const first = await session.compile(accumulator());
      const second = await session.compile(accumulator());
      expect((await session.read("total")).data).toEqual(Float32Array.of(0, 0, 0));
      await first.run([three(1, 2, 3)]);
      const [{ before, sum }] = await second.run([three(10, 20, 30)]);
      expect(before).toEqual(Tensor.from([1, 2, 3]));
      expect(sum).toEqual(Tensor.from([11, 22, 33]));
      expect(await session.read("total")).toEqual(Tensor.from([11, 22, 33]));
    }),
  );

  test(
    "allocate makes a variable once, and variables() lists all",
    inSession(async (session) => {
      const type = { shape: [2, 3], dtype: "uint8" } as const;
      await session.allocate("pixels", type);
      const pixels = new Tensor("uint8", [2, 3], Uint8Array.of(1, 2, 3, 4, 5, 255));
      await session.write("pixels", pixels);
      await session.allocate("pixels", type);
      await session.compile(accumulator());
      expect(await session.read("pixels")).toEqual(pixels);
      expect(Object.fromEntries(session.variables())).toEqual({
        pixels: type,
        total: { shape: [3], dtype: "float32" },
      });
    }),
  );

  test(
    "values of every dtype come back as they were written",
    inSession(async (session) => {
      const tensors = [
        Tensor.from([0.1, -3e20, 0, 1e-20, 5]),
        new Tensor("int32", [5], Int32Array.of(-1, 0, 2 ** 31 - 1, -(2 ** 31), 7)),
        new Tensor("uint32", [5], Uint32Array.of(0, 1, 2 ** 32 - 1, 2 ** 31, 7)),
        new Tensor("uint8", [5], Uint8Array.of(0, 1, 254, 255, 7)),
      ];
      for (const tensor of tensors) {
        await session.allocate(tensor.dtype, tensor);
        await session.write(tensor.dtype, tensor);
      }
      expect([...(await session.readAll(tensors.map(({ dtype }) => dtype))).values()]).toEqual(tensors);
    }),
  );

  test(
    "what is fed is copied at the call, what is read and written once it is there",
    inSession(async (session) => {
      const program = await session.compile(accumulator());
      const weights = Tensor.from([1, 1, 1]);
      const feeds = three(1, 2, 3);
      const written = session.write("total", weights);
      const running = program.run([feeds]);
      feeds.x.data.fill(99);
      await written;
      weights.data.fill(99);
      await running;
      const read = await session.read("total");
      expect(read).toEqual(Tensor.from([2, 3, 4]));
      read.data.fill(0);
      expect(await session.read("total")).toEqual(Tensor.from([2, 3, 4]));
    }),
  );
}

function orderTests(inSession: (run: (session: Session) => Promise<void>) => () => Promise<void>): void {
  test(
    "calls that nobody awaits happen in the order in which they were made",
    inSession(async (session) => {
      const program = await session.compile(accumulator(), { maximumSteps: 2 });
      const asked = [
        session.read("total"),
        program.run([three(1, 1, 1), three(2, 2, 2)]),
        session.read("total"),
        session.write("total", Tensor.from([100, 200, 300])),
        program.run([three(1, 2, 3)]),
        program.run([three(1, 2, 3), three(4, 5, 6)]),
        session.read("total"),
      ] as const;
      const [zero, firstRun, six, , secondRun, thirdRun, last] = await Promise.all(asked);
      expect(zero).toEqual(Tensor.from([0, 0, 0]));
      expect(firstRun.map(({ sum }) => sum)).toEqual([Tensor.from([1, 1, 1]), Tensor.from([3, 3, 3])]);
      expect(six).toEqual(Tensor.from([3, 3, 3]));
      expect(secondRun.map(({ before }) => before)[0]).toEqual(Tensor.from([100, 200, 300]));
      expect(thirdRun.map(({ before }) => before)).toEqual([
        Tensor.from([101, 202, 303]),
        Tensor.from([102, 204, 306]),
      ]);
      expect(last).toEqual(Tensor.from([106, 209, 312]));
    }),
  );

  test(
    "many queued runs give each its own outputs",
    inSession(async (session) => {
      const program = await session.compile(accumulator(), { maximumSteps: 3 });
      const runs = Array.from({ length: 20 }, (_, run) =>
        program.run([three(1, run, 0), three(1, 0, 0), three(1, 0, 0)]),
      );
      const sums = (await Promise.all(runs)).flat().map(({ sum }) => sum.data[0]);
      expect(sums).toEqual(Array.from({ length: 60 }, (_, step) => step + 1));
      expect(await session.read("total")).toEqual(Tensor.from([60, 190, 0]));
    }),
  );

  test(
    "runs of two programs take turns on their variables",
    inSession(async (session) => {
      const one = await session.compile(accumulator(), { maximumSteps: 3 });
      const other = await session.compile(accumulator(), { maximumSteps: 2 });
      const runs = Array.from({ length: 12 }, (_, run) =>
        run % 2 === 0
          ? one.run([three(1, run, 0), three(1, 0, 0), three(1, 0, 0)])
          : other.run([three(1, run, 0), three(1, 0, 0)]),
      );
      const sums = (await Promise.all(runs)).flat().map(({ sum }) => sum.data[0]);
      expect(sums).toEqual(Array.from({ length: 30 }, (_, step) => step + 1));
      expect(await session.read("total")).toEqual(Tensor.from([30, 66, 0]));
    }),
  );

  test(
    "a program that is compiled while another runs leaves its results alone",
    inSession(async (session) => {
      const small = await session.compile(accumulator(), { maximumSteps: 4 });
      const [a, b] = [inputNode("a", [40, 300]), inputNode("b", [300, 50])];
      const product = build("matmul", [a, b], { transposeA: false, transposeB: false });
      const ones = (shape: Shape) =>
        Tensor.from(
          Array.from({ length: sizeOf(shape) }, () => 1),
          shape,
        );
      const run = () => small.run([three(1, 2, 3), three(1, 2, 3), three(1, 2, 3), three(1, 2, 3)]);
      // The product needs more memory, of all kinds, than what the first program was given.
      const running = [run(), run()];
      const compiling = session.compile({ outputs: { product }, updates: [] }, { maximumSteps: 3 });
      running.push(run());
      const [{ product: result }] = await (await compiling).run([{ a: ones(a.shape), b: ones(b.shape) }]);
      running.push(run());
      expect(result.data).toEqual(new Float32Array(40 * 50).fill(300));
      const sums = (await Promise.all(running)).flat().map(({ sum }) => sum.data[0]);
      expect(sums).toEqual(Array.from({ length: 16 }, (_, step) => step + 1));
      expect(await session.read("total")).toEqual(Tensor.from([16, 32, 48]));
    }),
  );

  test(
    "runs that were queued before a session is closed end as they would have",
    inSession(async (session) => {
      const program = await session.compile(accumulator());
      const runs = [1, 2, 3, 4, 5].map((step) => program.run([three(step, 0, 0)]));
      const closing = session.close();
      const sums = (await Promise.all(runs)).map(([{ sum }]) => sum.data[0]);
      expect(sums).toEqual([1, 3, 6, 10, 15]);
      await closing;
    }),
  );

  test(
    "readAll sees one moment between queued runs",
    inSession(async (session) => {
      const [a, b] = [accumulator("a"), accumulator("b")];
      const both = { outputs: a.outputs, updates: [...a.updates, ...b.updates] };
      const program = await session.compile(both);
      const runs = [1, 2, 3].map((step) => {
        const running = program.run([three(step, step, step)]);
        return Promise.all([running, session.readAll(["b", "a"])]);
      });
      const seen = (await Promise.all(runs)).map(([, values]) => values);
      expect(seen.map((values) => [...values.keys()])).toEqual([
        ["b", "a"],
        ["b", "a"],
        ["b", "a"],
      ]);
      expect(seen.map((values) => [values.get("a")?.data[0], values.get("b")?.data[0]])).toEqual([
        [1, 1],
        [3, 3],
        [6, 6],
      ]);
    }),
  );

  test(
    "a run of no steps gives no outputs",
    inSession(async (session) => {
      const program = await session.compile(accumulator());
      expect(await program.run([])).toEqual([]);
      expect(await session.read("total")).toEqual(Tensor.from([0, 0, 0]));
    }),
  );
}

function planTests(inSession: (run: (session: Session) => Promise<void>) => () => Promise<void>): void {
  test(
    "plan and profile name what is computed",
    inSession(async (session) => {
      const a = inputNode("a", [8, 16]);
      const b = variableNode("b", [16, 4]);
      const product = createBuild("dense1")("matmul", [a, b], { transposeA: false, transposeB: false });
      const program = await session.compile({ outputs: { product }, updates: [] });
      const { operations, variableBytes, workingBytes } = program.plan;
      const planned = operations.find(({ computes }) => computes.includes("matmul"));
      expect(planned).toMatchObject({ scope: "dense1", flops: 2 * 8 * 16 * 4 });
      expect(variableBytes).toBeGreaterThanOrEqual(4 * 16 * 4);
      expect(workingBytes).toBeGreaterThanOrEqual(4 * (8 * 16 + 8 * 4));
      const profile = await program.profile({ a: Tensor.zeros("float32", [8, 16]) });
      expect(profile.map(({ operation }) => operation)).toEqual(operations);
      for (const { milliseconds } of profile) expect(milliseconds).toBeGreaterThanOrEqual(0);
    }),
  );

  test(
    "a profiled step is a step",
    inSession(async (session) => {
      const program = await session.compile(accumulator());
      await program.profile(three(1, 2, 3));
      expect(await session.read("total")).toEqual(Tensor.from([1, 2, 3]));
      const [{ sum }] = await program.run([three(1, 1, 1)]);
      expect(sum).toEqual(Tensor.from([2, 3, 4]));
    }),
  );
}

function forecastTests(inSession: (run: (session: Session) => Promise<void>) => () => Promise<void>): void {
  test(
    "a forecast is the plan of the program, and allocates nothing",
    inSession(async (session) => {
      const { plan, fits } = session.forecast(accumulator());
      expect(fits).toBe(true);
      expect(session.variables().size).toBe(0);
      expect((await session.compile(accumulator())).plan).toEqual(plan);
      expect(session.forecast(accumulator())).toEqual({ plan, fits });
    }),
  );
}

/** Variables, order and plans. */
export function sessionContract(engineOf: EngineOf): void {
  const inSession = (run: (session: Session) => Promise<void>) => () => withSession(engineOf(), run);
  describe("session", () => {
    stateTests(inSession);
    test("sessions share nothing", () =>
      withSession(engineOf(), async (one) =>
        withSession(engineOf(), async (other) => {
          const programs = [await one.compile(accumulator()), await other.compile(accumulator())];
          await Promise.all([programs[0].run([three(1, 1, 1)]), programs[1].run([three(5, 5, 5)])]);
          expect([await one.read("total"), await other.read("total")]).toEqual([
            Tensor.from([1, 1, 1]),
            Tensor.from([5, 5, 5]),
          ]);
        }),
      ));
    orderTests(inSession);
    planTests(inSession);
    forecastTests(inSession);
  });
}
