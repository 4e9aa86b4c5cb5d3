import { describe, expect, test } from "vitest";
import { createReferenceEngine } from "../../engine/reference/index.ts";
import type { Convention } from "../../formats/index.ts";
import { layers } from "../../layers/index.ts";
import { functional, input, type Model, sequential } from "../../models/index.ts";
import { Tensor } from "../../tensor/index.ts";
import { messageOf } from "../../testing/error-message.ts";
import {
  kerasNet,
  pytorchNet,
  type RecordedNet,
  recordedKeras,
  recordedPytorch,
  stateOf,
} from "../../testing/recorded-nets.ts";
import { recordedImages } from "../../testing/recorded-weights.ts";
import { exportWeights } from "./export.ts";
import { loadWeights } from "./load.ts";

const engine = createReferenceEngine();

function onReference(model: Model): Model {
  model.compile({ engine });
  return model;
}

function named(tensors: ReadonlyMap<string, Tensor>, convention: Convention = "pytorch") {
  return { convention, tensors };
}

async function expectOutput(model: Model, net: RecordedNet): Promise<void> {
  const output = await model.predict(recordedImages(2, net.image));
  expect(output.data).toBeCloseToTensor(net.output, { absolute: 1e-6 });
}

describe("PyTorch's weights", () => {
  const counters = ["bn.num_batches_tracked", "bn1d.num_batches_tracked"];
  const withoutCounters = () =>
    new Map([...stateOf(recordedPytorch)].filter(([name]) => !counters.includes(name)));

  test("every kind is brought to its layout: the net gives PyTorch's outputs", async () => {
    const model = onReference(pytorchNet());
    const report = await loadWeights(model, named(stateOf(recordedPytorch)));
    expect(report).toMatchObject({ convention: "pytorch", missing: [], unused: [], mismatched: [] });
    expect(report.ignored).toEqual(counters);
    expect(report.applied.map(({ parameter, tensor }) => parameter === tensor)).not.toContain(false);
    expect(report.applied).toHaveLength(21);
    await expectOutput(model, recordedPytorch);
  });

  test("a session that is open already takes them, too", async () => {
    const model = onReference(pytorchNet());
    await model.predict(recordedImages(2, recordedPytorch.image));
    await loadWeights(model, named(stateOf(recordedPytorch)));
    await expectOutput(model, recordedPytorch);
  });

  test("the way back gives the same names, shapes and numbers", async () => {
    const model = onReference(pytorchNet());
    await loadWeights(model, named(stateOf(recordedPytorch)));
    const back = await exportWeights(model, { convention: "pytorch" });
    expect(back.metadata).toEqual({ format: "pt" });
    expect(new Map([...back.tensors].sort())).toEqual(new Map([...withoutCounters()].sort()));
  });

  test.each(["module.", "state_dict.", "state_dict.module.", "_orig_mod."])(
    "behind the wrapper %s they are found, and what lies beside it is passed over",
    async (wrapper) => {
      const wrapped = new Map(
        [...stateOf(recordedPytorch)].map(([name, value]) => [`${wrapper}${name}`, value]),
      );
      wrapped.set("optimizer.state.0.exp_avg", Tensor.from([1]));
      const model = onReference(pytorchNet());
      const report = await loadWeights(model, named(wrapped));
      expect(report.applied).toHaveLength(21);
      expect(report.ignored).toContain("optimizer.state.0.exp_avg");
      await expectOutput(model, recordedPytorch);
    },
  );

  test("float64 is taken, and a file that does not name its convention is told by its shapes", async () => {
    const model = onReference(pytorchNet());
    const doubles = new Map(
      [...stateOf(recordedPytorch)].map(([name, value]) => [name, value.as("float64")]),
    );
    expect((await loadWeights(model, named(doubles, "none"))).convention).toBe("pytorch");
    await expectOutput(model, recordedPytorch);
    const own = await exportWeights(model, { convention: "fovea" });
    const other = onReference(pytorchNet());
    expect((await loadWeights(other, named(own.tensors, "none"))).convention).toBe("fovea");
    await expectOutput(other, recordedPytorch);
  });

  test("tensors of the caller are not changed, and are not the model's", async () => {
    const model = onReference(sequential([layers.dense({ units: 2, inputShape: [2], name: "fc" })]));
    const bias = Tensor.from([1, 2]);
    await loadWeights(
      model,
      named(
        new Map([
          ["fc.weight", Tensor.from([1, 2, 3, 4], [2, 2])],
          ["fc.bias", bias],
        ]),
      ),
    );
    const weights = await model.getWeights();
    weights.get("fc.bias")?.data.fill(9);
    expect([...bias.data]).toEqual([1, 2]);
    expect([...((await model.getWeights()).get("fc.weight")?.data ?? [])]).toEqual([1, 3, 2, 4]);
  });

  test("channels that a net has moved to the front are flattened as they are", async () => {
    const x = input({ shape: [2, 2, 3] });
    const rows = layers.flatten().apply(layers.permute({ dims: [3, 1, 2] }).apply(x));
    const model = onReference(
      functional({ inputs: x, outputs: layers.dense({ units: 1, name: "fc" }).apply(rows) }),
    );
    const weight = Tensor.from(
      Array.from({ length: 12 }, (_, index) => index),
      [1, 12],
    );
    await loadWeights(
      model,
      named(
        new Map([
          ["fc.weight", weight],
          ["fc.bias", Tensor.from([0])],
        ]),
      ),
    );
    expect([...((await model.getWeights()).get("fc.weight")?.data ?? [])]).toEqual([...weight.data]);
  });
});

describe("Keras's weights", () => {
  test("every kind is brought to its layout: the net gives Keras's outputs", async () => {
    const model = onReference(kerasNet());
    const report = await loadWeights(model, named(stateOf(recordedKeras), "keras"));
    expect(report).toMatchObject({ missing: [], unused: [], mismatched: [], ignored: [] });
    expect(report.applied.find(({ tensor }) => tensor === "p_re_lu/alpha")?.parameter).toBe("prelu.weight");
    await expectOutput(model, recordedKeras);
  });

  test("older names, numbers of outputs, nested models and numbered variables are found", async () => {
    const older = new Map(
      [...stateOf(recordedKeras)].map(([name, value]) => {
        const named = name.replace("conv_dw_1/kernel", "conv_dw_1/depthwise_kernel");
        const numbered = named.replace("fc/kernel", "fc/vars/0").replace("fc/bias", "fc/vars/1");
        return [name.startsWith("fc") ? numbered : `net/${named}:0`, value];
      }),
    );
    const model = onReference(kerasNet());
    await loadWeights(model, named(older, "keras"));
    await expectOutput(model, recordedKeras);
  });

  test("the way back gives the same names, shapes and numbers", async () => {
    const model = onReference(kerasNet());
    await loadWeights(model, named(stateOf(recordedKeras), "keras"));
    const back = await exportWeights(model, { convention: "keras" });
    expect(new Map([...back.tensors].sort())).toEqual(new Map([...stateOf(recordedKeras)].sort()));
  });
});

describe("what does not fit", () => {
  const without = (...names: readonly string[]) => {
    const state = stateOf(recordedPytorch);
    for (const name of names) state.delete(name);
    return state;
  };

  test("a strict load names all of it, and changes nothing", async () => {
    const model = onReference(pytorchNet());
    const before = await model.getWeights();
    const state = without("conv.bias", "fc.weight");
    state.set("conv.bais", Tensor.from([1, 2, 3, 4]));
    state.set("grouped.weight", Tensor.zeros("float32", [6, 4, 3, 3]));
    expect(await messageOf(() => loadWeights(model, named(state), { name: "x.pth" }))).toBe(
      'OptionError: x.pth: the weights do not fit model "everything": ' +
        '2 missing (conv.bias [4], similar to "conv.bais"; fc.weight [5, 124]); ' +
        '1 unused (conv.bais [4], similar to "conv.bias"); ' +
        "1 mismatched (grouped.weight must be [6, 2, 3, 3], is [6, 4, 3, 3]). " +
        "Use a file of this very model, or take what fits with strict: false (--no-strict).",
    );
    expect(await model.getWeights()).toEqual(before);
  });

  test("another number of classes: the head keeps its fresh weights without strict", async () => {
    const model = onReference(pytorchNet(7));
    const before = await model.getWeights();
    expect(await messageOf(() => loadWeights(model, named(stateOf(recordedPytorch))))).toBe(
      'OptionError: weights: the weights do not fit model "everything": 2 mismatched (' +
        "head.1.weight must be [7, 5], is [3, 5]; head.1.bias must be [7], is [3]). " +
        "Another number of classes? With strict: false (--no-strict) head.1 keeps its fresh weights.",
    );
    const report = await loadWeights(model, named(stateOf(recordedPytorch)), { strict: false });
    expect(report.mismatched).toEqual([
      {
        parameter: "head.1.weight",
        tensor: "head.1.weight",
        expected: [7, 5],
        found: [3, 5],
        hint: "Another number of classes? With strict: false (--no-strict) head.1 keeps its fresh weights.",
      },
      expect.objectContaining({ parameter: "head.1.bias" }),
    ]);
    const after = await model.getWeights();
    expect(after.get("head.1.weight")).toEqual(before.get("head.1.weight"));
    expect(after.get("fc.bias")).toEqual(stateOf(recordedPytorch).get("fc.bias"));
  });

  test("another size of images: a dense layer behind them says so", async () => {
    const x = input({ shape: [4, 2, 3] });
    const rows = layers.dense({ units: 5, name: "fc1" }).apply(layers.flatten().apply(x));
    const model = onReference(
      functional({ inputs: x, outputs: layers.dense({ units: 2, name: "fc2" }).apply(rows) }),
    );
    const state = new Map([
      ["fc1.weight", Tensor.zeros("float32", [5, 12])],
      ["fc1.bias", Tensor.zeros("float32", [5])],
      ["fc2.weight", Tensor.zeros("float32", [2, 5])],
      ["fc2.bias", Tensor.zeros("float32", [2])],
    ]);
    expect(await messageOf(() => loadWeights(model, named(state)))).toBe(
      'OptionError: weights: the weights do not fit model "model": 1 mismatched (fc1.weight must be [5, 24], is [5, 12]). ' +
        "Another size of images? fc1 has weights for each value of the image that is flattened.",
    );
  });

  test("a classifier that is a convolution keeps its fresh weights, too", async () => {
    const x = input({ shape: [2, 2, 3] });
    const scores = layers.conv2d({ filters: 4, kernelSize: 1, name: "conv_preds" }).apply(x);
    const model = onReference(functional({ inputs: x, outputs: layers.globalAveragePool2d().apply(scores) }));
    const state = new Map([
      ["conv_preds/kernel", Tensor.zeros("float32", [1, 1, 3, 7])],
      ["conv_preds/bias", Tensor.zeros("float32", [7])],
    ]);
    expect(await messageOf(() => loadWeights(model, named(state, "keras")))).toMatch(
      /Another number of classes\? With strict: false \(--no-strict\) conv_preds keeps its fresh weights\.$/,
    );
  });

  test("rename gives tensors other names, or leaves them out", async () => {
    const state = new Map([...stateOf(recordedPytorch)].map(([name, value]) => [`encoder/${name}`, value]));
    state.set("epoch", Tensor.from([3]));
    const rename = (name: string) => (name === "epoch" ? null : name.replace("encoder/", ""));
    const model = onReference(pytorchNet());
    await loadWeights(model, named(state), { rename });
    await expectOutput(model, recordedPytorch);
    expect(await messageOf(() => loadWeights(model, named(state), { rename: () => "a" }))).toBe(
      'OptionError: weights: rename gives the name "a" to two tensors, the second is "encoder/conv.bias". Give each a name of its own.',
    );
  });

  test("a file of another model, quantized numbers, and shapes that fit two conventions are told", async () => {
    const model = onReference(sequential([layers.dense({ units: 2, inputShape: [2], name: "fc" })]));
    const square = Tensor.zeros("float32", [2, 2]);
    const other = new Map([["conv1.weight", Tensor.zeros("float32", [4, 3, 3, 3])]]);
    expect(await messageOf(() => loadWeights(model, named(other), { strict: false }))).toBe(
      'OptionError: weights: no tensor has a name of model "model" (by the convention "pytorch"): ' +
        "2 missing (fc.weight [2, 2]; fc.bias [2]); 1 unused (conv1.weight [4, 3, 3, 3]). " +
        "Is it of this model? Give rename or another convention, if the names differ.",
    );
    const bias = Tensor.from([0, 0]);
    const quantized = new Map<string, Tensor>([
      ["fc.weight", square.as("uint8")],
      ["fc.bias", bias],
    ]);
    expect(await messageOf(() => loadWeights(model, named(quantized)))).toBe(
      'OptionError: weights: the weights do not fit model "model": ' +
        "1 mismatched (fc.weight must be [2, 2], is [2, 2]). It holds uint8 numbers: quantized weights need their scale.",
    );
    const either = new Map([
      ["fc.weight", square],
      ["fc.bias", bias],
    ]);
    expect(await messageOf(() => loadWeights(model, named(either, "none")))).toBe(
      'OptionError: weights: the tensors fit by the conventions "fovea" and "pytorch", and the file does not say which it is. ' +
        'Give convention: "pytorch" for filters OIHW, or "fovea" for HWIO.',
    );
    await loadWeights(model, named(either, "none"), { convention: "pytorch" });
    expect(await messageOf(() => exportWeights(model, { convention: Object("kears") }))).toBe(
      'OptionError: exportWeights: there is no convention "kears". Did you mean "keras"? Known: fovea, keras, pytorch.',
    );
  });

  test("long lists are cut", async () => {
    const model = onReference(sequential([layers.dense({ units: 1, inputShape: [1], name: "fc" })]));
    const state = new Map(Array.from({ length: 9 }, (_, index) => [`x${index}`, Tensor.from([0])]));
    expect(await messageOf(() => loadWeights(model, named(state)))).toContain(
      "9 unused (x0 [1]; x1 [1]; x2 [1]; x3 [1]; x4 [1]; x5 [1] and 3 more)",
    );
  });

  test("a file of a hundred thousand long names does not hold the program up", async () => {
    const model = onReference(pytorchNet());
    const value = Tensor.from([0]);
    const state = new Map(
      Array.from(
        { length: 100_000 },
        (_, index) => [`${"module.".repeat(13)}${index}` as string, value] as const,
      ),
    );
    state.set("x".repeat(1e6), value);
    // Time of the processor: a machine that is busy with other things proves nothing.
    const begin = process.cpuUsage();
    const message = await messageOf(() => loadWeights(model, named(state)));
    expect(process.cpuUsage(begin).user / 1000).toBeLessThan(3000);
    expect(message.length).toBeLessThan(5000);
    expect(message).toContain("100001 unused (");
  });

  test("what auxiliary heads miss is no fault", async () => {
    const x = input({ shape: [2] });
    const dense = (name: string) => layers.dense({ units: 2, useBias: false, name }).apply(x);
    const model = onReference(
      functional({
        inputs: x,
        outputs: dense("fc"),
        auxiliaries: { aux: { output: dense("aux"), weight: 0.3 } },
      }),
    );
    const state = new Map([["fc.weight", Tensor.from([1, 2, 3, 4], [2, 2])]]);
    const report = await loadWeights(model, named(state));
    const without = onReference(functional({ inputs: x, outputs: dense("fc") }));
    const withHeads = new Map([...state, ["aux1.fc.weight", Tensor.from([1])]]);
    expect(await loadWeights(without, named(withHeads))).toMatchObject({
      unused: [],
      ignored: ["aux1.fc.weight"],
    });
    expect(await messageOf(() => loadWeights(model, named(withHeads)))).toContain(
      "1 unused (aux1.fc.weight [1]",
    );
    expect(report.missing).toEqual([
      { parameter: "aux.weight", shape: [2, 2], auxiliary: true, nearest: null },
    ]);
  });
});
