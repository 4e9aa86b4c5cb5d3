import { Tensor } from "fovea";
import { createBuild } from "../../../dist/ops/index.js";
import { outputSize } from "../cases/layers.mjs";
import { readFloats } from "../inputs/files.mjs";

/** @typedef {"x" | "filter" | "dy"} Operand */

/** @type {readonly Operand[]} */
const operandNames = ["x", "filter", "dy"];

/**
 * A graph of one op. Its operands lie in the engine. An engine may prepare what never changes once and for all, but in a
 * training step all three are new: so zero, which is fed, is added to each first. The engine's timers then tell the op's own
 * time, the packing or transform of its filter included, from that of the additions.
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
  const zero = build("input", [], { name: "zero", shape: [1], dtype: "float32" });
  const fresh = (/** @type {Operand} */ name) => {
    const variable = build("variable", [], { name, shape: shapes[name], dtype: "float32" });
    return build("add", [variable, zero], {});
  };
  const operands = { x: fresh("x"), filter: fresh("filter"), dy: fresh("dy") };
  const result = buildPass(build, kase, operands);

  const session = await engine.openSession();
  for (const name of operandNames) {
    if (!result.inputs.includes(operands[name])) continue;
    await session.allocate(name, operands[name]);
    await session.write(name, new Tensor("float32", shapes[name], readFloats(folder, name)));
  }
  // All that leaves the engine of a run that is timed is a corner of the result.
  const corner = build("slice", [result], {
    begin: result.shape.map(() => 0),
    size: result.shape.map((extent, axis) => (axis === result.shape.length - 1 ? extent : 1)),
  });
  const program = await session.compile({ outputs: { corner }, updates: [] });
  const feeds = { zero: Tensor.zeros("float32", [1]) };
  const isOwn = (/** @type {{ readonly computes: readonly string[] }} */ { computes }) =>
    computes.includes(result.kind);

  async function run() {
    const profile = await program.profile(feeds);
    return profile.reduce(
      (sum, { operation, milliseconds }) => (isOwn(operation) ? sum + milliseconds : sum),
      0,
    );
  }
  const algorithms = program.plan.operations.filter(isOwn).map(({ algorithm }) => algorithm);
  return {
    setting: algorithms.find((text) => text !== "") ?? null,
    async outputs() {
      const whole = await session.compile({ outputs: { result }, updates: [] });
      const [fetched] = await whole.run([feeds]);
      return Float32Array.from(fetched["result"].data);
    },
    async time(runs, warmUp) {
      for (let index = 0; index < warmUp; index++) await run();
      let sum = 0;
      for (let index = 0; index < runs; index++) sum += await run();
      return sum / runs;
    },
    close: () => session.close(),
  };
}

/**
 * @param {ReturnType<typeof createBuild>} build
 * @param {import("../types.ts").LayerCase} kase
 * @param {Readonly<Record<Operand, ReturnType<ReturnType<typeof createBuild>>>>} operands
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
