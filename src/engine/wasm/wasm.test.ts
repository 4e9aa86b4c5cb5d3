import { describe, expect, it } from "vitest";
import type { Node } from "../../graph/index.ts";
import { createBuild } from "../../ops/index.ts";
import { Tensor } from "../../tensor/index.ts";
import { contractSuite } from "../contract.ts";
import type { Program } from "../engine.ts";
import { createWasmEngine, type WasmEngineOptions } from "./index.ts";

const configurations: readonly (readonly [string, WasmEngineOptions])[] = [
  ["wasm, 2 threads", { threads: 2 }],
  ["wasm, 1 thread, memory of its own", { threads: 1, sharedMemory: false }],
  ["wasm, 3 threads, exact", { threads: 3, precision: "exact" }],
];

for (const [name, options] of configurations) {
  contractSuite(name, () => createWasmEngine(options), { tolerance: 1e-5, drawCount: 12 });
}

describe("wasm engine", () => {
  it("takes the best build of the kernels that passes its check, and the plain one for exact results", async () => {
    const fast = await createWasmEngine({ threads: 1 });
    const exact = await createWasmEngine({ threads: 1, precision: "exact" });
    expect(fast.kernels.variant).toMatch(/^relaxed/);
    const others = fast.kernels.measured.filter(({ variant }) => variant !== "plain");
    const fastest = Math.max(...others.map(({ gigaflops }) => gigaflops));
    const chosen = fast.kernels.measured.find(({ variant }) => variant === fast.kernels.variant);
    expect(chosen?.gigaflops).toBe(fastest);
    expect(fast.kernels.measured).toHaveLength(4);
    expect(fast.kernels.rejected).toEqual([]);
    expect(exact.kernels.variant).toBe("plain");
    await Promise.all([fast.close(), exact.close()]);
  });

  it("gives the same bits whatever the number of threads", async () => {
    const results: Float32Array[] = [];
    for (const options of [{ threads: 1 }, { threads: 2 }, { threads: 5 }, { sharedMemory: false }]) {
      const engine = await createWasmEngine(options);
      results.push(await convolutionGradients(engine));
      await engine.close();
    }
    for (const other of results.slice(1)) expect(other).toEqual(results[0]);
    expect(Math.max(...results[0])).toBeGreaterThan(0);
  });

  it("keeps its threads in step when a profiled program makes way for a longer one", async () => {
    const engine = await createWasmEngine({ threads: 4 });
    const build = createBuild();
    const x = build("input", [], { name: "x", shape: [1], dtype: "float32" });
    const chain = (length: number) => {
      let y: Node = x;
      for (let index = 0; index < length; index++) y = build("affine", [y], { factor: 1, offset: 1 });
      return { outputs: { y }, updates: [] };
    };
    const feeds = { x: Tensor.from([0]) };
    for (let round = 0; round < 40; round++) {
      for (const length of [1, 40]) {
        const session = await engine.openSession();
        const program = await session.compile(chain(length));
        const [{ y }] = await program.run([feeds]);
        expect(y.data[0]).toBe(length);
        await program.profile(feeds);
        await session.close();
      }
    }
    await engine.close();
  });

  it("says what is wrong with a number of threads", async () => {
    await expect(createWasmEngine({ threads: 0 })).rejects.toThrow(
      "wasm engine: threads must be a whole number from 1 to 64, got 0.",
    );
    await expect(createWasmEngine({ threads: 2, sharedMemory: false })).rejects.toThrow(
      "wasm engine: 2 threads need shared memory, which is off or not available here. Use 1 thread; in a browser,",
    );
  });

  it("says how much memory a graph needs that does not fit", async () => {
    const engine = await createWasmEngine({ threads: 1 });
    const session = await engine.openSession();
    const type = { shape: [1 << 20, 1 << 10], dtype: "float32" } as const;
    await session.allocate("small", { shape: [4], dtype: "float32" });
    await expect(session.allocate("large", type)).rejects.toThrow(
      /^memory: the variable "large" needs 4\.3 GB, and .* of 4\.3 GB are in use\. Use a smaller batch/,
    );
    // The session goes on.
    await session.write("small", Tensor.from([1, 2, 3, 4]));
    expect([...(await session.read("small")).data]).toEqual([1, 2, 3, 4]);
    await engine.close();
  });

  it("rejects what is asked of a closed engine", async () => {
    const engine = await createWasmEngine({ threads: 2 });
    const session = await engine.openSession();
    await session.allocate("x", { shape: [1], dtype: "float32" });
    await engine.close();
    await expect(session.read("x")).rejects.toThrow("the engine is closed. Create another one.");
  });

  it("ends the runs that are queued when it is closed, and rejects later ones", async () => {
    const engine = await createWasmEngine({ threads: 2 });
    const session = await engine.openSession();
    const x = createBuild()("input", [], { name: "x", shape: [2], dtype: "float32" });
    const program = await session.compile({ outputs: { x }, updates: [] });
    const fed = Tensor.from([1, 2]);
    const runs = [1, 2, 3, 4, 5].map(() => program.run([{ x: fed }]));
    const closing = engine.close();
    const late = program.run([{ x: fed }]);
    await expect(late).rejects.toThrow("the engine is closed. Create another one.");
    for (const [outputs] of await Promise.all(runs)) expect(outputs).toEqual({ x: fed });
    await closing;
  });

  it("gives memory back when a session is closed", async () => {
    const engine = await createWasmEngine({ threads: 1 });
    // 5 GiB in all: more than a 32-bit memory holds.
    for (let round = 0; round < 5; round++) {
      const session = await engine.openSession();
      await session.allocate("large", { shape: [1 << 28], dtype: "float32" });
      await session.close();
    }
    await engine.close();
  });
});

describe("memory that programs share", () => {
  const build = createBuild();
  const input = (name: string, shape: readonly number[]) =>
    build("input", [], { name, shape, dtype: "float32" });

  /** sum of x repeated `count` times, through as much working memory. */
  function repeated(count: number) {
    const wide = build("broadcast", [input("x", [1])], { shape: [count] });
    return { outputs: { y: build("reduceSum", [wide], { axes: [0], keepDimensions: true }) }, updates: [] };
  }

  it("moves when a larger program comes, and the programs before go on, runs that are queued included", async () => {
    for (const options of [{ threads: 2 }, { sharedMemory: false }]) {
      const engine = await createWasmEngine(options);
      const [one, other] = [await engine.openSession(), await engine.openSession()];
      const results: Promise<number>[] = [];
      const programs: Program[] = [];
      const counts = [100, 1000, 50, 20000, 300000];
      for (const [index, count] of counts.entries()) {
        programs.push(await (index % 2 === 0 ? one : other).compile(repeated(count)));
        // Something that lies behind the working memory keeps it from growing in its place.
        await one.allocate(`wall${index}`, { shape: [1000], dtype: "float32" });
        for (const program of programs) {
          results.push(program.run([{ x: Tensor.from([0.5]) }]).then(([{ y }]) => y.data[0]));
        }
      }
      const expected = counts.flatMap((_, last) => counts.slice(0, last + 1).map((count) => count / 2));
      expect(await Promise.all(results)).toEqual(expected);
      await engine.close();
    }
  });

  it("does not add up over programs of growing size, and stays when one does not fit", async () => {
    const engine = await createWasmEngine({ threads: 1 });
    const session = await engine.openSession();
    const small = await session.compile(repeated(10));
    // 5.2 GB in all: more than a 32-bit memory holds.
    for (const megabytes of [600, 700, 800, 900, 1000, 1200]) {
      await session.compile(repeated(megabytes * 250_000));
    }
    await expect(session.compile(repeated(1 << 30))).rejects.toThrow(
      "the working memory of a step needs 4.3 GB",
    );
    const [{ y }] = await small.run([{ x: Tensor.from([3]) }]);
    expect(y.data[0]).toBe(30);
    await engine.close();
  });

  it("holds weights that were prepared once for all programs of a session", async () => {
    const engine = await createWasmEngine({ threads: 1 });
    const session = await engine.openSession();
    const variable = (name: string, shape: readonly number[]) =>
      build("variable", [], { name, shape, dtype: "float32" });
    const channels = 2048;
    const rows = ["mean", "variance"].map((name) =>
      build("reshape", [variable(name, [channels])], { shape: [1, channels] }),
    );
    const moments = build("concatenate", rows, { axis: 0 });
    // 300 programs with 16 MB of prepared weights each would need 5 GB.
    for (let batch = 1; batch <= 300; batch++) {
      const product = build("matmul", [input("x", [batch, channels]), variable("w", [channels, channels])], {
        transposeA: false,
        transposeB: false,
      });
      const parameters = [variable("gamma", [channels]), variable("beta", [channels])];
      const y = build("batchNormalize", [product, moments, ...parameters], { epsilon: 1e-3 });
      await session.compile({ outputs: { y }, updates: [] });
    }
    await engine.close();
  });
});

/** Filter gradient, input gradient and output of a convolution of 8 images, one after the other. */
async function convolutionGradients(
  engine: Awaited<ReturnType<typeof createWasmEngine>>,
): Promise<Float32Array> {
  const build = createBuild();
  const session = await engine.openSession();
  const input = (name: string, shape: readonly number[]) =>
    build("input", [], { name, shape, dtype: "float32" });
  const [x, filter, dy] = [
    input("x", [8, 13, 13, 3]),
    input("filter", [3, 3, 3, 17]),
    input("dy", [8, 7, 7, 17]),
  ];
  const padding = { top: 1, bottom: 1, left: 1, right: 1 };
  const attributes = { strides: [2, 2], padding, dilations: [1, 1], groups: 1 } as const;
  const outputs = {
    y: build("conv2d", [x, filter], attributes),
    dx: build("conv2dInputGradient", [dy, filter], { ...attributes, inputShape: x.shape }),
    dFilter: build("conv2dFilterGradient", [x, dy], { ...attributes, filterShape: filter.shape }),
  };
  const program = await session.compile({ outputs, updates: [] });
  const values = (shape: readonly number[]) =>
    Tensor.from(
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => Math.sin(index * 1.7)),
      shape,
    );
  const [result] = await program.run([
    { x: values(x.shape), filter: values(filter.shape), dy: values(dy.shape) },
  ]);
  return Float32Array.from(Object.values(result).flatMap(({ data }) => [...data]));
}
