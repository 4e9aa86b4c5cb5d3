import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Graph } from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import { Tensor } from "../../../tensor/index.ts";
import type { Engine } from "../../engine.ts";
import { createReferenceEngine } from "../../reference/index.ts";
import { createWasmEngine } from "../index.ts";

/** Images in which `share` of the pixels are lit: blocks of 8 pixels are dark or lit together, as in digits. */
function images(count: number, pixels: number, share: number): Tensor<"uint8"> {
  const lit = (index: number) => (Math.sin(Math.floor(index / 8) * 12.9898) * 43758.5453) % 1;
  const data = Uint8Array.from({ length: count * pixels }, (_, index) =>
    Math.abs(lit(index)) < share ? 1 + (index % 255) : 0,
  );
  return new Tensor("uint8", [count, 1, pixels, 1], data);
}

const wave = (shape: readonly [number, number]) =>
  Tensor.from(
    Array.from({ length: shape[0] * shape[1] }, (_, index) => Math.sin(index)),
    shape,
  );

/** A layer on freshly loaded images, and the gradient of its weights. */
function denseOnImages(batch: number, pixels: number, units: number): Graph {
  const build = createBuild();
  const source = build("variable", [], { name: "images", shape: [64, 1, pixels, 1], dtype: "uint8" });
  const indices = build("input", [], { name: "indices", shape: [batch], dtype: "int32" });
  const key = build("input", [], { name: "key", shape: [2], dtype: "uint32" });
  const loaded = build("loadImages", [source, indices, key], { scale: 1 / 255, offset: 0, shift: 0 });
  const x = build("reshape", [loaded], { shape: [batch, pixels] });
  const weight = build("input", [], { name: "weight", shape: [pixels, units], dtype: "float32" });
  const dy = build("input", [], { name: "dy", shape: [batch, units], dtype: "float32" });
  return {
    outputs: {
      y: build("matmul", [x, weight], { transposeA: false, transposeB: false }),
      dWeight: build("matmul", [x, dy], { transposeA: true, transposeB: false }),
    },
    updates: [],
  };
}

describe("matrix product of sparse images", () => {
  const engines: Engine[] = [];
  beforeAll(async () => {
    engines.push(createReferenceEngine(), await createWasmEngine({ threads: 2 }));
    engines.push(await createWasmEngine({ threads: 2, precision: "exact" }));
  });
  afterAll(() => Promise.all(engines.map((engine) => engine.close())));

  // Few enough units that zeros are not searched for, and more.
  it.each([
    [0.2, 75],
    [0, 520],
    [0.02, 520],
    [0.2, 520],
    [0.7, 520],
    [1, 520],
  ])("is that of the reference where a share of %d is lit, for %d units", async (share, units) => {
    const [batch, pixels] = [27, 300];
    const results = await Promise.all(
      engines.map(async (engine) => {
        const session = await engine.openSession();
        const program = await session.compile(denseOnImages(batch, pixels, units));
        await session.write("images", images(64, pixels, share));
        const [result] = await program.run([
          {
            indices: new Tensor(
              "int32",
              [batch],
              Int32Array.from({ length: batch }, (_, i) => (i * 7) % 64),
            ),
            key: Tensor.zeros("uint32", [2]),
            weight: wave([pixels, units]),
            dy: wave([batch, units]),
          },
        ]);
        return result;
      }),
    );
    const [reference, ...others] = results;
    for (const result of others) {
      for (const name of ["y", "dWeight"]) {
        expect(result[name].data, name).toBeCloseToTensor(reference[name].data, {
          absolute: 2e-5,
          relative: 0,
        });
      }
    }
    expect(reference["dWeight"].data.some((value) => value !== 0)).toBe(share > 0);
  });
});
