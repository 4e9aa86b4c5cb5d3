import { Tensor } from "fovea";
import { createBuild } from "../../../dist/ops/index.js";
import { outputSize } from "../cases/layers.mjs";
import { readFloats } from "../inputs/files.mjs";

/** Runs of one call of the engine: enough that the way there and back does not count. */
const maximumSteps = 32;

/**
 * A graph of one op. Its operands stay in the engine, and all that a timed run returns is a corner of the result.
 *
 * @param {import("fovea").Engine} engine
 * @param {import("../types.ts").LayerCase} kase
 * @param {string} folder
 * @returns {Promise<import("./serve.mjs").Work>}
 */
export async function prepareLayer(engine, kase, folder) {
  const { batch, size, channels, filters, kernel } = kase;
  const output = outputSize(kase);
  const shapes = {
    x: [batch, size, size, channels],
    filter: [kernel, kernel, channels, filters],
    dy: [batch, output, output, filters],
  };
  const build = createBuild();
  const variable = (/** @type {keyof typeof shapes} */ name) =>
    build("variable", [], { name, shape: shapes[name], dtype: "float32" });
  const operands = { x: variable("x"), filter: variable("filter"), dy: variable("dy") };
  const result = buildPass(build, kase, operands);

  const session = await engine.openSession();
  for (const operand of /** @type {(keyof typeof shapes)[]} */ (["x", "filter", "dy"])) {
    if (!result.inputs.includes(operands[operand])) continue;
    await session.allocate(operand, operands[operand]);
    await session.write(operand, new Tensor("float32", shapes[operand], readFloats(folder, operand)));
  }
  const corner = build("slice", [result], {
    begin: result.shape.map(() => 0),
    size: result.shape.map((extent, axis) => (axis === result.shape.length - 1 ? extent : 1)),
  });
  const program = await session.compile({ outputs: { corner }, updates: [] }, { maximumSteps });

  /** @param {number} runs */
  async function run(runs) {
    const calls = [];
    for (let left = runs; left > 0; left -= maximumSteps)
      calls.push(program.run(Array.from({ length: Math.min(left, maximumSteps) }, () => ({}))));
    await Promise.all(calls);
  }
  const algorithms = program.plan.operations.filter(({ computes }) => computes.includes(result.kind));
  return {
    setting: algorithms.map(({ algorithm }) => algorithm).find((text) => text !== "") ?? null,
    async outputs() {
      const whole = await session.compile({ outputs: { result }, updates: [] });
      const [fetched] = await whole.run([{}]);
      return Float32Array.from(fetched["result"].data);
    },
    async time(runs, warmUp) {
      await run(warmUp);
      const begin = performance.now();
      await run(runs);
      return (performance.now() - begin) / runs;
    },
    close: () => session.close(),
  };
}

/**
 * @param {ReturnType<typeof createBuild>} build
 * @param {import("../types.ts").LayerCase} kase
 * @param {Readonly<Record<"x" | "filter" | "dy", ReturnType<ReturnType<typeof createBuild>>>>} operands
 */
function buildPass(build, { pass, stride, padding }, { x, filter, dy }) {
  const attributes = {
    strides: /** @type {const} */ ([stride, stride]),
    padding: { top: padding, bottom: padding, left: padding, right: padding },
    dilations: /** @type {const} */ ([1, 1]),
    groups: 1,
  };
  switch (pass) {
    case "forward":
      return build("conv2d", [x, filter], attributes);
    case "input-gradient":
      return build("conv2dInputGradient", [dy, filter], { ...attributes, inputShape: x.shape });
    case "filter-gradient":
      return build("conv2dFilterGradient", [x, dy], { ...attributes, filterShape: filter.shape });
  }
}
