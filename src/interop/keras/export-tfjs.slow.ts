import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { drawn } from "../../testing/drawn.ts";
import { netsOfEveryLayer } from "../../testing/every-layer.ts";
import { models } from "../../zoo/index.ts";
import { exportTfjs } from "./export-tfjs.ts";
import { importKeras } from "./import-keras.ts";

/** As much of TensorFlow.js as is used here: it is no dependency, `npm run bench` installs it. */
interface TensorFlow {
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  loadLayersModel(handler: {
    load(): Promise<object>;
  }): Promise<{ predict(x: object): { shape: number[]; data(): Promise<Float32Array> } }>;
  sequential(options: { layers: object[] }): {
    save(handler: object): Promise<object>;
    predict(x: object): { data(): Promise<Float32Array> };
  };
  io: { withSaveHandler(save: (artifacts: TfjsArtifacts) => Promise<object>): object };
  layers: Readonly<Record<string, (options: object) => object>>;
  tensor(values: Float32Array, shape: readonly number[]): object;
}

/** What TensorFlow.js gives to whoever saves a model. */
interface TfjsArtifacts {
  readonly modelTopology: object;
  readonly weightSpecs: readonly object[];
  readonly weightData: ArrayBuffer;
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
  const bytes = new Uint8Array(
    Buffer.concat(paths.map((path: string) => files.get(path) ?? new Uint8Array(0))),
  );
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
      inputShape: name === "lenet5" ? [28, 28, 1] : [32, 32, 3],
    });
    const images = drawn([1, ...model.inputShape], 3);
    const expected = await model.predict(images);
    const { values } = await predict(tf, await exportTfjs(model), images);
    const greatest = Math.max(...expected.data.map(Math.abs));
    for (const [index, value] of values.entries())
      expect(Math.abs(value - expected.data[index]) / greatest).toBeLessThan(1e-4);
  });

  test("a model that TensorFlow.js has made and saved is imported", async () => {
    tf.enableProdMode();
    await tf.setBackend("cpu");
    const { layers } = tf;
    const theirs = tf.sequential({
      layers: [
        layers["conv2d"]({
          inputShape: [7, 6, 2],
          filters: 3,
          kernelSize: 3,
          activation: "relu6",
          padding: "same",
        }),
        layers["batchNormalization"]({}),
        layers["maxPooling2d"]({ poolSize: 2 }),
        layers["depthwiseConv2d"]({ kernelSize: 2, activation: "hardSigmoid", biasInitializer: "ones" }),
        layers["leakyReLU"]({}),
        layers["flatten"]({}),
        layers["dense"]({ units: 4, activation: "softmax" }),
      ],
    });
    const saved = await new Promise<TfjsArtifacts>((resolve) => {
      void theirs.save(
        tf.io.withSaveHandler(async (artifacts) => {
          resolve(artifacts);
          return {};
        }),
      );
    });
    const model = {
      modelTopology: saved.modelTopology,
      weightsManifest: [{ paths: ["w"], weights: saved.weightSpecs }],
    };
    const sibling = async () => new Uint8Array(saved.weightData);
    const bytes = new TextEncoder().encode(JSON.stringify(model));
    const { model: ours, unused } = await importKeras(bytes, { name: "model.json", sibling });
    const images = drawn([2, 7, 6, 2], 1);
    const expected = await theirs.predict(tf.tensor(images.data, images.shape)).data();
    expect(await ours.predict(images)).toBeCloseToTensor([...expected], { absolute: 1e-6 });
    expect(unused).toEqual([]);
  });
});
