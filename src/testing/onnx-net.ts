import { OnnxDraft } from "./onnx-draft.ts";

/** A residual net as PyTorch exports it, with names, open batch and a shape program before the last layer. */
export function smallNet(opset = 13): OnnxDraft {
  const draft = new OnnxDraft(opset, [2, 3, 8, 8]);
  draft.dimensions = ["batch", 3, 8, 8];
  const conv = (x: string, name: string, inputs: number) =>
    draft.node("Conv", [x, draft.weights([4, inputs, 3, 3], undefined, `${name}.weight`)], {
      pads: [1, 1, 1, 1],
    });
  const norm = (x: string, name: string) => {
    const parameter = (key: string, values?: number[]) => draft.weights([4], values, `${name}.${key}`);
    const inputs = [x, parameter("weight"), parameter("bias"), parameter("running_mean")];
    return draft.node("BatchNormalization", [...inputs, parameter("running_var", [1, 2, 0.5, 1])], {});
  };
  const stem = draft.node("Relu", [norm(conv("x", "conv1", 3), "bn1")], {}, "/relu/Relu");
  const block = norm(conv(stem, "layer1.0.conv1", 4), "layer1.0.bn1");
  const sum = draft.node("Add", [block, stem], {}, "/layer1/layer1.0/Add");
  const pooled = draft.node("MaxPool", [draft.node("Relu", [sum], {}, "/layer1/layer1.0/relu/Relu")], {
    kernel_shape: [2, 2],
    strides: [2, 2],
  });
  const sizes = draft.node("Shape", [pooled]);
  const batch = draft.node("Gather", [sizes, draft.integer(0)], { axis: 0 });
  const isOld = opset < 13;
  const row = draft.node(
    "Unsqueeze",
    isOld ? [batch] : [batch, draft.integers([0])],
    isOld ? { axes: [0] } : {},
  );
  const target = draft.node("Concat", [row, draft.integers([-1])], { axis: 0 });
  const flat = draft.node("Reshape", [pooled, target]);
  const head = draft.node("Dropout", [flat]);
  const fc = [draft.weights([3, 64], undefined, "fc.weight"), draft.weights([3], undefined, "fc.bias")];
  return draft.output(draft.node("Gemm", [head, ...fc], { transB: 1 }));
}
