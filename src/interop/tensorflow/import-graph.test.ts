import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { drawn } from "../../testing/drawn.ts";
import { messageOf } from "../../testing/error-message.ts";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import { importKeras } from "../keras/index.ts";

/** A graph and what TensorFlow computed, recorded by scripts/golden/tensorflow-graphs.py. */
interface Recorded {
  readonly topology: { readonly node: readonly object[] };
  readonly signature: object;
  readonly weights: readonly object[];
  readonly data: string;
  readonly input: readonly number[];
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const graphs: Readonly<Record<string, Recorded>> = JSON.parse(
  readFileSync(new URL("golden/graphs.json", import.meta.url), "utf8"),
);

function bytesOf(topology: object, weights: readonly object[], signature?: object): Uint8Array {
  const weightsManifest = [{ paths: ["group1-shard1of1.bin"], weights }];
  return new TextEncoder().encode(
    JSON.stringify({ format: "graph-model", modelTopology: topology, weightsManifest, signature }),
  );
}

const dataOf = ({ data }: Recorded) => new Uint8Array(Buffer.from(data, "base64"));

function importOf(bytes: Uint8Array, data: Uint8Array, options: object = {}) {
  return importKeras(bytes, { name: "model.json", sibling: async () => data, ...options });
}

describe("graphs compute what TensorFlow does", () => {
  test.each(Object.keys(graphs))("%s", async (name) => {
    const { topology, weights, signature, ...recorded } = graphs[name];
    const { model, unused, notes } = await importOf(
      bytesOf(topology, weights, signature),
      dataOf(graphs[name]),
    );
    const output = await model.predict(drawn(recorded.input, 0));
    expect(output.shape).toEqual(recorded.shape);
    expect(output).toBeCloseToTensor(recorded.values, { absolute: 5e-6 });
    expect({ unused, notes }).toEqual({ unused: [], notes: [] });
  });

  test("biases that are added behind become the layers' own; ends are found without a signature", async () => {
    const { topology, weights } = graphs["mobile"];
    const { model } = await importOf(bytesOf(topology, weights), dataOf(graphs["mobile"]));
    const kinds = model.architecture.layers.map(({ layer }) => layer.kind);
    expect(kinds.filter((kind) => kind === "scale")).toEqual([]);
    const weighted = model.architecture.layers.filter(({ layer }) => "useBias" in layer.options);
    expect(weighted.map(({ layer }) => "useBias" in layer.options && layer.options.useBias)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(model.inputShape).toEqual([8, 8, 3]);
    expect(model.outputShape).toEqual([5]);
  });
});

describe("errors name node and op", () => {
  const image = {
    name: "x",
    op: "Placeholder",
    attr: { shape: { shape: { dim: [{ size: "-1" }, { size: "4" }, { size: "4" }, { size: "2" }] } } },
  };
  const node = (op: string, input: readonly string[] = ["x"], attr: object = {}) => ({
    name: "it",
    op,
    input,
    attr,
  });
  const failure = (...nodes: object[]) =>
    messageOf(() => importOf(bytesOf({ node: nodes }, []), new Uint8Array(0)));

  test.each<[string, object[], string]>([
    [
      "an unknown op",
      [image, node("SpaceToBatchND")],
      ', node "it" (SpaceToBatchND): this op is not supported. Supported are the ops of image classifiers.',
    ],
    [
      "channels first",
      [
        image,
        node("MaxPool", ["x"], {
          data_format: { s: "TkNIVw==" },
          ksize: { list: { i: ["1", "1", "2", "2"] } },
        }),
      ],
      ', node "it" (MaxPool): its images have the format "NCHW". Only NHWC is supported.',
    ],
    [
      "a filter that is computed",
      [image, node("Conv2D", ["x", "x"])],
      ', node "it" (Conv2D): its filter is not a constant. Freeze the graph: tensorflowjs_converter does.',
    ],
    [
      "a node that is not there",
      [image, node("Relu", ["y"])],
      ': node "it" needs the node "y", which is not there. Convert the model again.',
    ],
    [
      "a loop",
      [
        image,
        { name: "a", op: "Relu", input: ["it"] },
        { ...node("Relu", ["a"]) },
        { name: "end", op: "Relu", input: ["it"] },
      ],
      ', node "it" (Relu): it depends on itself: loops are not supported. Convert a model without loops.',
    ],
    [
      "two outputs",
      [image, node("Relu"), { name: "other", op: "Relu", input: ["x"] }],
      ": the graph has 2 outputs, one is supported. Convert it with one: tensorflowjs_converter --output_node_names NAME.",
    ],
    [
      "a second output of a node",
      [image, node("Relu", ["x:1"])],
      ', node "it" (Relu): it takes output 1 of "x". Only first outputs are supported.',
    ],
    [
      "values that are not there",
      [image, { name: "c", op: "Const" }, node("Add", ["x", "c"])],
      ', node "c" (Const): the file has no values for it. Convert the model again.',
    ],
    [
      "an open size",
      [{ name: "x", op: "Placeholder" }, node("Relu")],
      ': the graph leaves the sizes of its input "x" open. Give them: { inputShape: [224, 224, 3] }.',
    ],
  ])("%s", async (_, nodes, message) => {
    expect(await failure(...nodes)).toContain(`FormatError: model.json${message}`);
  });

  test("an open size that is given", async () => {
    const bytes = bytesOf({ node: [{ name: "x", op: "Placeholder" }, node("Relu")] }, []);
    const { model } = await importOf(bytes, new Uint8Array(0), { inputShape: [2, 3, 1] });
    expect((await model.predict(drawn([1, 2, 3, 1], 0))).data).toEqual(
      drawn([1, 2, 3, 1], 0).data.map((x) => Math.max(x, 0)),
    );
    expect(await messageOf(() => importOf(bytes, new Uint8Array(0), { inputShape: [2.5] }))).toMatch(
      /^OptionError: importKeras: option "inputShape" must be a list of 1 to 8 positive whole numbers/,
    );
  });

  test("graphs broken in every manner are read or refused", async () => {
    const names = ["operators", "depthwise fused"];
    const files = Object.fromEntries(
      names.map((name) => [
        name,
        bytesOf(graphs[name].topology, graphs[name].weights, graphs[name].signature),
      ]),
    );
    for (const name of names) {
      const data = dataOf(graphs[name]);
      await fuzzReader({ files: { [name]: files[name] }, runs: 150, read: (bytes) => importOf(bytes, data) });
    }
  });
});
