import { describe, expect, test } from "vitest";
import { FormatError, OptionError } from "../../tensor/index.ts";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import { float, OnnxDraft } from "../../testing/onnx-draft.ts";
import { smallNet } from "../../testing/onnx-net.ts";
import { importOnnx } from "./import.ts";

describe("what cannot be imported", () => {
  const image = [2, 4, 5, 5];
  const cases: readonly [string, (draft: OnnxDraft) => string, string][] = [
    [
      "an op that is not known",
      (draft) => draft.node("Einsum", ["x"], {}, "mix"),
      'model.onnx, node "mix" (Einsum): the op "Einsum" is not supported. Export the model with an older operator set',
    ],
    [
      "a slip",
      (draft) => draft.node("Convv", ["x"], {}, "mix"),
      'the op "Convv" is not supported. The nearest that is: Conv. Export the model',
    ],
    [
      "a node without a name",
      (draft) => draft.node("Loop"),
      'model.onnx, the node that makes "v0" (Loop): the op "Loop" is not supported',
    ],
    [
      "weights that depend on the input",
      (draft) => draft.node("Conv", ["x", draft.node("Relu")]),
      "takes its weights (input 2) from other values of the graph. It must be an initializer",
    ],
    [
      "a product of two values",
      (draft) => draft.node("MatMul", ["x", draft.node("Relu")]),
      "multiplies something else than a value with weights. Products of two values (attention) are not supported",
    ],
    [
      "three-dimensional kernels",
      (draft) => draft.node("Conv", ["x", draft.weights([4, 4, 3, 3, 3])]),
      "has weights [4, 4, 3, 3, 3]. Only two-dimensional convolutions are supported",
    ],
    [
      "a wrong number of channels",
      (draft) => draft.node("Conv", ["x", draft.weights([4, 3, 3, 3])]),
      "has weights [4, 3, 3, 3] for 3 channels, its input has 4",
    ],
    [
      "a kernel that is larger than the image",
      (draft) => draft.node("Conv", ["x", draft.weights([4, 4, 7, 7])]),
      "a window of height 7 does not fit into an image of shape [5, 5, 4] with padding 0 and 0",
    ],
    [
      "features that do not fit",
      (draft) => draft.node("Gemm", [draft.node("Flatten"), draft.weights([99, 2])]),
      "has weights [99, 2] for 99 features, its input has 100. Images must have the size that the model was exported",
    ],
    [
      "a batch that moves",
      (draft) => draft.node("Transpose", ["x"], { perm: [1, 0, 2, 3] }),
      "moves the batch. The batch must stay the first axis.",
    ],
    [
      "a batch that is joined with channels",
      (draft) => draft.node("Reshape", ["x", draft.integers([8, 25])]),
      "cannot reshape [batch, 4, 5, 5] to [8, 25]. The batch must stay the first axis",
    ],
    [
      "a batch that is computed with",
      (draft) => {
        const sizes = draft.node("Gather", [draft.node("Shape"), draft.integers([0])]);
        return draft.node("Reshape", ["x", draft.node("Mul", [sizes, draft.integers([4])])]);
      },
      "(Mul): computes with the size of the batch. No layer changes the batch.",
    ],
    [
      "a value that nothing makes",
      (draft) => draft.node("Relu", ["nowhere"]),
      'takes "nowhere", which nothing makes before it. The file is damaged, or its nodes are in the wrong order',
    ],
    [
      "normalization in training mode",
      (draft) => {
        const row = draft.weights([4]);
        return draft.node("BatchNormalization", ["x", row, row, row, row], { training_mode: 1 });
      },
      "is in training mode. Export the model in evaluation mode: model.eval() in PyTorch.",
    ],
    [
      "dilated pooling",
      (draft) => draft.node("MaxPool", ["x"], { kernel_shape: [2, 2], dilations: [2, 2] }),
      "has dilations [2, 2]. Dilated poolings are not supported.",
    ],
    [
      "cubic resizing",
      (draft) => draft.node("Resize", ["x", "", draft.weights([4], [1, 1, 2, 2])], { mode: "cubic" }),
      'resizes in mode "cubic". Known are "nearest" and "linear".',
    ],
    [
      "an output that does not depend on the input",
      (draft) => draft.node("Relu", [draft.weights([2])]),
      "(Relu): has a constant as its input 1. There must be a value that depends on the model's input.",
    ],
    [
      "a constant as the output",
      (draft) => draft.node("Shape"),
      'model.onnx: the output "v0" does not depend on the input. Export the model again, or choose another output.',
    ],
    [
      "steps",
      (draft) =>
        draft.node("Slice", [
          "x",
          draft.integers([0]),
          draft.integers([4]),
          draft.integers([1]),
          draft.integers([2]),
        ]),
      "takes every 2th of axis 1. Steps other than 1 are not supported.",
    ],
  ];

  test.each(cases)("%s", async (_, build, text) => {
    const draft = new OnnxDraft(13, image);
    draft.output(build(draft));
    const reading = importOnnx(await draft.bytes());
    await expect(reading).rejects.toThrow(text);
    await expect(reading).rejects.toThrow(FormatError);
  });

  test("operator sets that are too old or too new, and files without a network", async () => {
    await expect(importOnnx(await smallNet().bytes({ opsetImport: [{ version: 6n }] }))).rejects.toThrow(
      "model.onnx: operator set 6 is none of 7 to 21. Bring it up to date with onnx.version_converter",
    );
    await expect(importOnnx(await smallNet().bytes({ opsetImport: [{ version: 22n }] }))).rejects.toThrow(
      "model.onnx: operator set 22 is none of 7 to 21. Export the model with opset_version=21 or lower.",
    );
    await expect(importOnnx(await smallNet().bytes({ graph: { name: "g" } }))).rejects.toThrow(
      "model.onnx: the file holds no network",
    );
    await expect(importOnnx(new Uint8Array([1, 2, 3]), { name: "a.onnx" })).rejects.toThrow(
      "a.onnx: not a valid ONNX file",
    );
  });
});

describe("files of unknown origin", () => {
  test("broken in every manner they are read or refused", async () => {
    const images = new OnnxDraft(13, [1, 2, 4, 4]);
    const resized = images.node("Resize", ["x", "", images.weights([4], [1, 1, 2, 2])]);
    const padded = images.node("Pad", [resized, images.integers([0, 0, 1, 1, 0, 0, 1, 1])]);
    const parts = images.nodes("Split", [padded], { axis: 1 }, 2);
    const joined = images.node(
      "Concat",
      [images.node("LeakyRelu", [parts[0]], { alpha: float(0.1) }), parts[1]],
      {
        axis: 1,
      },
    );
    images.output(images.node("ReduceMean", [joined], { axes: [2, 3], keepdims: 0 }));
    await fuzzReader({
      read: async (bytes) => {
        try {
          await importOnnx(bytes);
        } catch (error) {
          // Another number of outputs, or sizes that are open: a choice is asked for.
          if (!(error instanceof OptionError)) throw error;
        }
      },
      files: { net: await smallNet().bytes(), images: await images.bytes() },
      runs: 1000,
    });
  });

  test("sizes that are none, and lists without end", async () => {
    const negative = new OnnxDraft(13, [1, 2]);
    negative.output(negative.node("Mul", ["x", negative.node("ConstantOfShape", [negative.integers([-5])])]));
    await expect(importOnnx(await negative.bytes())).rejects.toThrow(FormatError);
    const long = new OnnxDraft(13, [1, 2]);
    const target = long.integers(Array.from({ length: 5000 }, (_, index) => index));
    const bytes = await long.output(long.node("Reshape", ["x", target])).bytes();
    const error = await importOnnx(bytes).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error).length).toBeLessThan(1000);
  });

  test("may not have nodes without end", async () => {
    const draft = new OnnxDraft(13, [1, 2]);
    let value = "x";
    for (let index = 0; index <= 20_000; index++) value = draft.node("Relu", [value]);
    await expect(importOnnx(await draft.output(value).bytes())).rejects.toThrow(
      "the file has 20001 nodes that depend on the input, 20000 are allowed. No image classifier has so many",
    );
  });

  test("may not make constants without end", async () => {
    const draft = new OnnxDraft(13, [1, 2]);
    let row = draft.node("ConstantOfShape", [draft.integers([1000])]);
    for (let doubling = 0; doubling < 30; doubling++) row = draft.node("Concat", [row, row], { axis: 0 });
    draft.output(draft.node("Mul", ["x", row]));
    await expect(importOnnx(await draft.bytes())).rejects.toThrow(
      "makes more constants than the file has weights. The file is damaged or made to do harm",
    );
    const huge = new OnnxDraft(13, [1, 2]);
    huge.output(huge.node("Mul", ["x", huge.node("ConstantOfShape", [huge.integers([2 ** 40, 2 ** 40])])]));
    await expect(importOnnx(await huge.bytes())).rejects.toThrow(
      "makes more constants than the file has weights",
    );
  });
});
