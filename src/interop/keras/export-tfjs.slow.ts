import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { drawn } from "../../testing/drawn.ts";
import { netsOfEveryLayer } from "../../testing/every-layer.ts";
import { models } from "../../zoo/index.ts";
import { exportTfjs } from "./export-tfjs.ts";

/** As much of TensorFlow.js as is used here: it is no dependency, `npm run bench` installs it. */
interface TensorFlow {
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  loadLayersModel(handler: {
    load(): Promise<object>;
  }): Promise<{ predict(x: object): { shape: number[]; data(): Promise<Float32Array> } }>;
  tensor(values: Float32Array, shape: readonly number[]): object;
}

const place = new URL(
  "../../../bench/competitors/node_modules/@tensorflow/tfjs/dist/tf.node.js",
  import.meta.url,
);

async function predict(
  tf: TensorFlow,
  files: ReadonlyMap<string, Uint8Array>,
  images: { readonly data: Float32Array; readonly shape: readonly number[] },
) {
  const model = JSON.parse(new TextDecoder().decode(files.get("model.json")));
  const [{ paths, weights }] = model.weightsManifest;
  const bytes = Uint8Array.from(paths.flatMap((path: string) => [...(files.get(path) ?? [])]));
  const loaded = await tf.loadLayersModel({
    load: async () => ({
      modelTopology: model.modelTopology,
      weightSpecs: weights,
      weightData: bytes.buffer,
    }),
  });
  const output = loaded.predict(tf.tensor(images.data, images.shape));
  return { shape: output.shape, values: await output.data() };
}

// Skipped where `npm run bench` has not installed the competitors.
describe.skipIf(!existsSync(place))("TensorFlow.js 4.22 predicts the same", async () => {
  const module: { default?: TensorFlow } & TensorFlow = existsSync(place) ? await import(place.href) : {};
  const tf = module.default ?? module;
  const nets = netsOfEveryLayer();

  test.each([...nets])("%s", async (_, model) => {
    tf.enableProdMode();
    await tf.setBackend("cpu");
    const images = drawn([2, ...model.inputShape], 3);
    const expected = await model.predict(images);
    const { shape, values } = await predict(tf, await exportTfjs(model), images);
    expect(shape).toEqual(expected.shape);
    expect(expected).toBeCloseToTensor([...values], { absolute: 1e-5 });
  });

  test.each(["lenet5", "resnet18", "squeezenet1-1", "mobilenet-v2"] as const)("zoo: %s", async (name) => {
    tf.enableProdMode();
    await tf.setBackend("cpu");
    const model = models.create(name, {
      classes: 10,
      inputShape: name === "lenet5" ? [28, 28, 1] : [64, 64, 3],
    });
    const images = drawn([1, ...model.inputShape], 3);
    const expected = await model.predict(images);
    const { values } = await predict(tf, await exportTfjs(model), images);
    const greatest = Math.max(...expected.data.map(Math.abs));
    for (const [index, value] of values.entries())
      expect(Math.abs(value - expected.data[index]) / greatest).toBeLessThan(1e-4);
  });
});
