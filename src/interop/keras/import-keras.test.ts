import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { encodeTfjs } from "../../formats/index.ts";
import { losses } from "../../losses/index.ts";
import { Model } from "../../models/index.ts";
import { Tensor } from "../../tensor/index.ts";
import { drawn, drawnVariable } from "../../testing/drawn.ts";
import { messageOf } from "../../testing/error-message.ts";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import { importKeras } from "./import-keras.ts";
import type { ImportedModel } from "./imported.ts";

/** What Keras computed, recorded by scripts/golden/keras-models.py. */
interface Recorded {
  readonly input: readonly number[];
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

interface Case extends Recorded {
  readonly config: object;
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

const files = new URL("../../formats/keras/golden/", import.meta.url);
const bytesOf = (name: string) => new Uint8Array(readFileSync(new URL(name, files)));
const jsonOf = <T>(url: URL): T => JSON.parse(readFileSync(url, "utf8"));
const cases = jsonOf<Record<string, Case>>(new URL("golden/layers.json", import.meta.url));
const outputs = jsonOf<Record<string, Recorded>>(new URL("outputs.json", files));

/** A model as a TensorFlow.js file, the shortest way to have configuration and weights in one. */
function importCase(config: object, weights: ReadonlyMap<string, Tensor>, version = "3.15.1") {
  const encoded = encodeTfjs({ config, weights });
  const model = new TextDecoder().decode(encoded.get("model.json")).replace('"2.15.0"', `"${version}"`);
  const sibling = async (name: string) => encoded.get(name) ?? new Uint8Array(0);
  return importKeras(new TextEncoder().encode(model), { name: "model.json", sibling });
}

async function expectOutputs({ model }: ImportedModel, { input, shape, values }: Recorded): Promise<void> {
  const output = await model.predict(drawn(input, 0));
  expect(output.shape).toEqual(shape);
  const scale = Math.max(1, ...values.map(Math.abs));
  const errors = values.map((value, index) => Math.abs(value - output.data[index]) / scale);
  expect(Math.max(...errors)).toBeLessThan(5e-6);
}

function weightsOf({ weights }: Case): ReadonlyMap<string, Tensor> {
  const named = weights.map(
    ({ name, shape }, index) => [name, drawnVariable(name.split("/").at(-1) ?? "", shape, index)] as const,
  );
  return new Map(named);
}

describe("each class computes what Keras does", () => {
  test.each(Object.keys(cases))("%s", async (name) => {
    const recorded = cases[name];
    const imported = await importCase(recorded.config, weightsOf(recorded));
    await expectOutputs(imported, recorded);
    expect(imported.unused).toEqual([]);
  });

  test("notes tell what is not quite as in Keras", async () => {
    const notesOf = async (name: string) => (await importCase(cases[name].config, new Map())).notes;
    expect(await notesOf("random flip")).toEqual([
      expect.stringMatching(
        /^layer "random_flip\w*" \(RandomFlip\) does nothing here: it acts in Keras's training only$/,
      ),
    ]);
    expect(await notesOf("dropout")).toEqual([expect.stringContaining("predictions are the same")]);
    expect(await notesOf("flatten")).toEqual([]);
  });
});

describe("whole files", () => {
  test.each(["net.keras", "net.h5"])("%s", async (name) => {
    const imported = await importKeras(bytesOf(name), { name });
    expect(imported.model.name).toBe("net");
    expect(imported.model.preprocessing).toMatchObject({ scale: 1, offset: 0 });
    await expectOutputs(imported, outputs["net"]);
    expect([imported.notes, imported.unused]).toEqual([[], []]);
    const names = [...(await imported.model.getWeights()).keys()];
    expect(names.slice(0, 6)).toEqual([
      ...[
        "stem_conv.weight",
        "stem_bn.weight",
        "stem_bn.bias",
        "stem_bn.running_mean",
        "stem_bn.running_var",
      ],
      "separable.depthwise_weight",
    ]);
  });

  test("images of another size than the file says", async () => {
    const wider = await importKeras(bytesOf("nested.keras"), { name: "nested.keras", inputShape: [9, 6, 1] });
    expect(wider.model.inputShape).toEqual([9, 6, 1]);
    expect(wider.model.outputShape).toEqual([3]);
  });

  test("nested.keras: models within models", async () => {
    const imported = await importKeras(bytesOf("nested.keras"), {
      name: "nested.keras",
      classNames: ["a", "b", "c"],
    });
    await expectOutputs(imported, outputs["nested"]);
    expect(imported.unused).toEqual([]);
    expect(imported.model.classNames).toEqual(["a", "b", "c"]);
    expect([...(await imported.model.getWeights()).keys()]).toEqual([
      ...["backbone.inner_conv.weight", "backbone.inner_conv.bias"],
      ...["head.dense.weight", "head.dense.bias", "head.dense_1.weight", "head.dense_1.bias"],
    ]);
  });

  test("keras2.h5: the spelling of Keras 2, its hard sigmoid, a frozen layer", async () => {
    const imported = await importKeras(bytesOf("keras2.h5"), { name: "keras2.h5" });
    await expectOutputs(imported, outputs["keras2"]);
    const { layers } = imported.model.architecture;
    expect(layers.find(({ name }) => name === "head.dense")?.layer.trainable).toBe(false);
    expect(layers.find(({ name }) => name === "base.conv")?.layer.trainable).toBe(true);
  });

  test("an imported model is saved and loaded like any other, and trains", async () => {
    const { model } = await importKeras(bytesOf("net.keras"), { name: "net.keras" });
    const again = Model.fromBytes(await model.toBytes());
    const images = drawn(outputs["net"].input, 0);
    expect((await again.predict(images)).data).toEqual((await model.predict(images)).data);
    again.compile({ loss: losses.sparseCategoricalCrossentropy({ fromLogits: false }) });
    const data = {
      name: "colours",
      images: new Tensor(
        "uint8",
        [4, 8, 8, 3],
        Uint8Array.from({ length: 768 }, (_, index) => (index * 7) % 256),
      ),
      labels: new Tensor("int32", [4], Int32Array.of(0, 1, 2, 3)),
      classNames: ["a", "b", "c", "d", "e"],
    };
    const { epochs } = await again.fit(data, { epochs: 3, batchSize: 4 });
    expect(epochs[2].loss).toBeLessThan(epochs[0].loss);
  });
});

function manifest(weights: ReadonlyMap<string, Tensor>): string {
  return JSON.stringify([...weights].map(([name, { shape }]) => ({ name, shape, dtype: "float32" })));
}

function bytesOfAll(weights: ReadonlyMap<string, Tensor>): Uint8Array {
  const values = [...weights.values()].flatMap(({ data }) => [...data]);
  return new Uint8Array(Float32Array.from(values).buffer);
}

describe("errors name file, layer, class, and what to do", () => {
  const layer = (class_name: string, config: object) => ({ class_name, config: { name: "it", ...config } });
  const sequence = (...layers: object[]) => ({
    class_name: "Sequential",
    config: {
      name: "s",
      layers: [layer("InputLayer", { batch_shape: [null, 4, 4, 2], name: "in" }), ...layers],
    },
  });
  const failure = (config: object) => messageOf(() => importCase(config, new Map()));

  test.each<[string, object, string]>([
    [
      "an unknown class",
      layer("Conv3D", {}),
      'layer "it" (Conv3D): layers of this class are not supported. Replace it by supported layers, or build the model in code and load its weights alone. Did you mean "Conv2D"? Known: Dense, Conv2D',
    ],
    [
      "code",
      layer("Lambda", {}),
      'layer "it" (Lambda): layers of this class are not supported. It runs code that the file does not hold: replace it by layers, or',
    ],
    [
      "channels first",
      layer("Conv2D", { filters: 1, kernel_size: 1, data_format: "channels_first" }),
      'layer "it" (Conv2D): its images have the format "channels_first". Only "channels_last" is supported: build the model again with data_format="channels_last", its weights are the same.',
    ],
    [
      "an activation",
      layer("Dense", { units: 1, activation: "selu" }),
      'layer "it" (Dense): the activation "selu" is not supported. Supported are linear, relu, relu6, sigmoid,',
    ],
    [
      "a missing option",
      layer("Dense", {}),
      'layer "it" (Dense): its configuration has no "units". Save the model again.',
    ],
    [
      "a wrong option",
      layer("Dense", { units: 2.5 }),
      'layer "it" (Dense): "units" should be a whole number of at least 1, it is 2.5. Save the model again.',
    ],
    [
      "causal padding",
      layer("Conv2D", { filters: 1, kernel_size: 1, padding: "causal" }),
      'layer "it" (Conv2D): its padding is "causal". Only "valid" and "same" are supported.',
    ],
    [
      "another axis",
      layer("BatchNormalization", { axis: 1 }),
      'layer "it" (BatchNormalization): it runs along the axis [1]. Only the last axis, the channels, is supported.',
    ],
    [
      "no statistics",
      layer("Normalization", {}),
      'layer "it" (Normalization): the file has no mean for it. Call adapt() before the model is saved.',
    ],
    [
      "a missing weight",
      layer("Dense", { units: 1 }),
      'layer "it" (dense): the file has no kernel for it. Save the whole model',
    ],
  ])("%s", async (_, entry, message) => {
    expect(await failure(sequence(entry))).toContain(`FormatError: model.json, ${message}`);
  });

  test.each<[string, object, string]>([
    [
      "of a class of its own",
      { class_name: "MyModel", config: {} },
      'the model is of the class "MyModel". Only Sequential and Functional models describe themselves',
    ],
    [
      "with two outputs",
      {
        class_name: "Functional",
        config: {
          layers: [],
          input_layers: [["a", 0, 0]],
          output_layers: [
            ["a", 0, 0],
            ["b", 0, 0],
          ],
        },
      },
      "the model has 2 outputs, one is supported. Make a model with one output of it: keras.Model(inputs, outputs), and save that.",
    ],
    [
      "of open size",
      {
        class_name: "Sequential",
        config: [layer("Dense", { units: 1, batch_input_shape: [null, null, 3] })],
      },
      "the model does not say the shape of its input, or leaves sizes open. Give it: { inputShape: [224, 224, 3] }, or make the model with keras.Input((224, 224, 3)).",
    ],
    [
      "in a circle",
      {
        class_name: "Functional",
        config: {
          layers: [
            { class_name: "InputLayer", name: "in", config: { batch_shape: [null, 3] }, inbound_nodes: [] },
            {
              class_name: "Add",
              name: "a",
              config: {},
              inbound_nodes: [
                [
                  ["in", 0, 0, {}],
                  ["b", 0, 0, {}],
                ],
              ],
            },
            { class_name: "ReLU", name: "b", config: {}, inbound_nodes: [[["a", 0, 0, {}]]] },
          ],
          input_layers: [["in", 0, 0]],
          output_layers: [["b", 0, 0]],
        },
      },
      'layer "a" needs an output that no layer has. Save the model again.',
    ],
  ])("a model %s", async (_, config, message) => {
    expect(await failure(config)).toContain(`FormatError: model.json: ${message}`);
  });

  test("layers that do not fit together", async () => {
    expect(await failure(sequence(layer("Conv2D", { filters: 1, kernel_size: 9 })))).toBe(
      'FormatError: model.json: the model that it describes does not fit together: layer "it" (conv2d): a window of height 9 does not fit into an image of shape [4, 4, 2] with padding 0 and 0. Use padding "same", a smaller window, or fewer poolings and strides before it.',
    );
  });

  test("layers of hundreds of inputs that do not fit together: not all are listed", async () => {
    const reference = ["in", 0, 0, {}];
    const bare = { class_name: "InputLayer", name: "in", config: { batch_shape: [null, 4, 4, 2] } };
    const flat = { class_name: "Flatten", name: "flat", config: {}, inbound_nodes: [[reference]] };
    const inputs = [...Array.from({ length: 1000 }, () => reference), ["flat", 0, 0, {}]];
    const joined = { class_name: "Concatenate", name: "it", config: { axis: -1 }, inbound_nodes: [inputs] };
    const ends = { input_layers: [["in", 0, 0]], output_layers: [["it", 0, 0]] };
    const layers = [{ ...bare, inbound_nodes: [] }, flat, joined];
    expect(await failure({ class_name: "Functional", config: { name: "m", layers, ...ends } })).toBe(
      'FormatError: model.json: the model that it describes does not fit together: layer "it" (concatenate): cannot concatenate [4, 4, 2] and [32] along axis -1. All sizes but those of that axis must be equal (axes are counted with the batch as 0).',
    );
  });

  test("models within models that double with every level come to an end", async () => {
    const reference = (name: string, call = 0) => [name, call, 0, {}];
    const ends = (inner: string) => ({
      input_layers: [reference("in")],
      output_layers: [reference(inner, 1)],
    });
    const input = {
      class_name: "InputLayer",
      name: "in",
      config: { batch_shape: [null, 3] },
      inbound_nodes: [],
    };
    let inner: object = { class_name: "ReLU", name: "it", config: {} };
    for (let level = 0; level < 25; level++) {
      const twice = { ...inner, inbound_nodes: [[reference("in")], [reference("it")]] };
      inner = { class_name: "Functional", name: "it", config: { layers: [input, twice], ...ends("it") } };
    }
    expect(await failure(inner)).toContain(
      "the model has more than 20000 uses of layers. Save a smaller model.",
    );
  });

  test("many layers of one name, and of one variable, are told apart at once", async () => {
    const relu = layer("ReLU", {});
    const dense = Array.from({ length: 3000 }, () => ({
      class_name: "Sequential",
      config: { name: "m", layers: [relu] },
    }));
    const named = dense.map((entry, index) => ({ ...entry, config: { ...entry.config, name: `m${index}` } }));
    const { model } = await importCase(sequence(...named), new Map());
    expect(model.architecture.layers).toHaveLength(3001);
  });

  test("configurations broken in every manner are read or refused", async () => {
    const text = (name: string) => new TextEncoder().encode(JSON.stringify(cases[name].config));
    const names = ["operators", "batch norm", "normalization fixed", "shared"];
    const files = Object.fromEntries(names.map((name) => [name, text(name)]));
    const weights = new Map(names.flatMap((name) => [...weightsOf(cases[name])]));
    await fuzzReader({
      files,
      runs: 150,
      read: async (bytes) => {
        const config = new TextDecoder().decode(bytes);
        const model = `{"modelTopology":{"model_config":${config}},"weightsManifest":[{"paths":["w"],"weights":${manifest(weights)}}]}`;
        const sibling = async () => bytesOfAll(weights);
        await importKeras(new TextEncoder().encode(model), { name: "model.json", sibling });
      },
    });
  });

  test("weights of another model", async () => {
    const config = sequence(layer("Dense", { units: 3, use_bias: false }));
    expect(await messageOf(() => importCase(config, new Map([["it/kernel", drawn([2, 2], 1)]])))).toBe(
      'FormatError: model.json, layer "it" (dense), kernel: its shape is [2, 2], the configuration makes it [2, 3]. Weights and configuration are of different models.',
    );
  });

  test("weights alone", async () => {
    expect(await messageOf(() => importKeras(bytesOf("half.weights.h5"), { name: "half.weights.h5" }))).toBe(
      "FormatError: half.weights.h5: the file has weights, but no model (keras). Save the whole model, model.save('model.keras'), or build it in code and load these weights into it.",
    );
  });
});
