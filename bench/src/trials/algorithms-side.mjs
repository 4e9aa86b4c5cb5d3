/**
 * Measures, in the process that it is started in, 3 x 3 and 5 x 5 convolutions and their filter gradients with and without
 * Winograd's filtering, on one thread, and prints one JSON line: for each shape both times and both estimates.
 */
import { createWasmEngine } from "../../../dist/engine/wasm/index.js";
import {
  directCost,
  directGradientCost,
  winogradCost,
  winogradGradientCost,
} from "../../../dist/engine/wasm/lower/convolution-cost.js";
import { createBuild } from "../../../dist/ops/index.js";

const channelPairs = [
  [4, 8],
  [6, 16],
  [8, 8],
  [8, 16],
  [16, 16],
  [32, 32],
  [32, 64],
  [64, 64],
  [128, 128],
  [256, 256],
  [512, 512],
];
const imageSizes = [
  [1, 7],
  [8, 7],
  [1, 14],
  [8, 14],
  [1, 28],
  [4, 28],
  [2, 56],
];
/** Multiply-adds of what is measured: longer than a timer's ticks, shorter than patience. */
const [fewest, most] = [6e5, 4e8];

const engines = {
  winograd: await createWasmEngine({ threads: 1, winograd: "always" }),
  direct: await createWasmEngine({ threads: 1, winograd: "never" }),
};

const figures = [];
for (const size of [3, 5]) {
  for (const [inputs, outputs] of channelPairs) {
    for (const [images, side] of imageSizes) {
      const multiplyAdds = images * side * side * size * size * inputs * outputs;
      if (multiplyAdds < fewest || multiplyAdds > most || size * inputs > 5 * 256) continue;
      figures.push(...(await measureShape({ size, inputs, outputs, images, side, multiplyAdds })));
    }
  }
}
for (const engine of Object.values(engines)) await engine.close();
console.log(JSON.stringify(figures));

/** @typedef {{ size: number, inputs: number, outputs: number, images: number, side: number, multiplyAdds: number }} Shape */

/** @param {Shape} shape */
async function measureShape(shape) {
  const { size, inputs, outputs, images, side } = shape;
  const pad = (size - 1) / 2;
  const build = createBuild();
  const variable = (/** @type {string} */ name, /** @type {number[]} */ dimensions) =>
    build("variable", [], { name, shape: dimensions, dtype: "float32" });
  const x = variable("x", [images, side, side, inputs]);
  const dy = variable("dy", [images, side, side, outputs]);
  const filterShape = [size, size, inputs, outputs];
  const attributes = {
    strides: /** @type {const} */ ([1, 1]),
    padding: { top: pad, bottom: pad, left: pad, right: pad },
    dilations: /** @type {const} */ ([1, 1]),
    groups: 1,
  };
  const tiled = { input: x.shape, output: dy.shape, size, padTop: pad, padLeft: pad };
  const passes = {
    forward: build("conv2d", [x, variable("filter", filterShape)], attributes),
    "filter-gradient": build("conv2dFilterGradient", [x, dy], { ...attributes, filterShape }),
  };
  const costs = {
    forward: { direct: directCost(tiled), winograd: winogradCost(tiled, false) },
    "filter-gradient": { direct: directGradientCost(tiled), winograd: winogradGradientCost(tiled) },
  };
  const results = [];
  for (const pass of /** @type {const} */ (["forward", "filter-gradient"])) {
    const direct = await measure("direct", passes[pass], shape);
    const winograd = await measure("winograd", passes[pass], shape);
    results.push({ ...shape, pass, milliseconds: { direct, winograd }, cost: costs[pass] });
  }
  return results;
}

/**
 * The least milliseconds of several profiled runs; a profile repeats what a run does only once.
 *
 * @param {keyof typeof engines} way
 * @param {import("../../../dist/graph/index.js").Node} node
 * @param {Shape} shape
 */
async function measure(way, node, { multiplyAdds }) {
  const build = createBuild();
  const corner = build("slice", [node], { begin: node.shape.map(() => 0), size: node.shape.map(() => 1) });
  const session = await engines[way].openSession();
  const program = await session.compile({ outputs: { corner }, updates: [] });
  let least = Number.POSITIVE_INFINITY;
  const runs = Math.max(4, Math.min(30, Math.round(2e8 / multiplyAdds)));
  for (let run = 0; run < runs + 2; run++) {
    const profile = await program.profile({});
    const sum = profile.reduce((total, { milliseconds }) => total + milliseconds, 0);
    if (run >= 2) least = Math.min(least, sum);
  }
  await session.close();
  return least;
}
