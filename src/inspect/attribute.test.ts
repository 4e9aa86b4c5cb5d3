import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import type { Shape } from "../tensor/index.ts";
import { attributionNets, drawParameters } from "../testing/attribution-nets.ts";
import { drawn } from "../testing/drawn.ts";
import { attribute } from "./attribute.ts";
import type { AttributeOptions } from "./attribution-options.ts";
import { projectUnit } from "./project-unit.ts";

interface Recorded {
  readonly shape: Shape;
  readonly values: readonly number[];
}
interface Golden {
  readonly cases: readonly ({
    readonly net: keyof typeof attributionNets;
    readonly classes: readonly number[];
    readonly scores: Recorded;
    readonly units: readonly {
      readonly layer: string;
      readonly map: number;
      readonly places: readonly (readonly [y: number, x: number])[];
      readonly activations: Recorded;
      readonly values: Recorded;
    }[];
  } & { readonly [M in SignedMethod | "occlusion"]: Recorded })[];
}
type SignedMethod = "saliency" | "guided-backprop" | "deconvnet" | "integrated-gradients";
const golden: Golden = JSON.parse(
  readFileSync(new URL("./golden/attribution.json", import.meta.url), "utf8"),
);

const signedMethods: { readonly [M in SignedMethod]: AttributeOptions & { readonly method: M } } = {
  saliency: { method: "saliency" },
  "guided-backprop": { method: "guided-backprop" },
  deconvnet: { method: "deconvnet" },
  "integrated-gradients": { method: "integrated-gradients", steps: 20, baseline: "zero" },
};

const engines: Record<string, Engine> = {};
beforeAll(async () => {
  engines["reference"] = createReferenceEngine();
  engines["wasm"] = await createWasmEngine({ threads: 2, kernels: "rule" });
});
afterAll(async () => {
  for (const engine of Object.values(engines)) await engine.close();
});

const greatestOf = (values: readonly number[]) => Math.max(...values.map(Math.abs));

describe.each([
  ["reference", 1e-6],
  ["wasm", 2e-5],
] as const)("on the %s engine", (name, relative) => {
  describe.each(golden.cases.map((entry) => [entry.net, entry] as const))("%s", (net, entry) => {
    const { classes, scores } = entry;
    const prepare = async () => {
      const model = await drawParameters(attributionNets[net]());
      const engine = engines[name];
      model.compile({ engine });
      const [count] = scores.shape;
      return { model, images: drawn([count, ...model.inputShape], 1), engine };
    };

    test.each(Object.values(signedMethods).map((options) => [options.method, options] as const))(
      "%s: PyTorch's",
      async (method, options) => {
        const { model, images, engine } = await prepare();
        const found = await attribute(model, images, { ...options, class: classes, engine });
        const { values } = entry[method];
        expect(found.map((one) => one.class)).toEqual(classes);
        expect(found.map(({ score }) => score)).toBeCloseToTensor(scores.values, { absolute: 1e-4 });
        expect(found.flatMap(({ signed }) => [...(signed?.data ?? [])])).toBeCloseToTensor(values, {
          absolute: relative * greatestOf(values),
        });
        const [height, width, channels] = model.inputShape;
        expect(found[0].signed?.shape).toEqual([height, width, channels]);
        expect(found[0].values.shape).toEqual([height, width]);
        // What a pixel counts: the strongest of its channels, or, of shares, their sum.
        const pixels = Array.from({ length: 2 * height * width }, (_, pixel) => {
          const own = values.slice(pixel * channels, (pixel + 1) * channels);
          return method === "integrated-gradients" ? own.reduce((a, b) => a + b) : greatestOf(own);
        });
        expect(found.flatMap((one) => [...one.values.data])).toBeCloseToTensor(pixels, {
          absolute: 3 * relative * greatestOf(values),
        });
      },
    );

    test.each(entry.units.map((unit) => [unit.layer, unit.map, unit] as const))(
      "the strongest unit of %s, map %i, projected down: PyTorch's",
      async (layer, map, { places, activations, values: { values } }) => {
        const { model, images, engine } = await prepare();
        const found = await projectUnit(model, images, { layer, map, engine });
        expect(found.map(({ y, x }) => [y, x])).toEqual(places);
        expect(found.map(({ activation }) => activation)).toBeCloseToTensor(activations.values, {
          relative: 1e-5,
        });
        expect(found.flatMap(({ signed }) => [...signed.data])).toBeCloseToTensor(values, {
          absolute: 2 * relative * greatestOf(values),
        });
      },
    );

    test("occlusion: PyTorch's", async () => {
      const { model, images, engine } = await prepare();
      const found = await attribute(model, images, {
        method: "occlusion",
        patch: [3, 2],
        stride: [2, 1],
        fill: "zero",
        class: classes,
        engine,
      });
      const { values } = entry.occlusion;
      expect(found.flatMap((one) => [...one.values.data])).toBeCloseToTensor(values, {
        absolute: Math.max(relative * greatestOf(values), 1e-5),
      });
      expect(found.map(({ signed, isSigned }) => [signed, isSigned])).toEqual([
        [null, true],
        [null, true],
      ]);
    });
  });
});
