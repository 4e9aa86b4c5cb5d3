import { describe, expect, it } from "vitest";
import { encodeTensors } from "../formats/index.ts";
import { exportOnnx, exportWeights } from "../interop/index.ts";
import { Tensor } from "../tensor/index.ts";
import { models } from "../zoo/index.ts";
import { readModel, zooNameIn } from "./read-model.ts";

const images = new Tensor(
  "uint8",
  [2, 28, 28, 1],
  Uint8Array.from({ length: 2 * 784 }, (_, index) => (index * 7) % 256),
);

describe("a model from the bytes of a file", () => {
  const lenet = models.create("lenet5");

  it("is the one that was saved, in Fovea's format and in ONNX", async () => {
    const expected = await lenet.predict(images);
    for (const [bytes, name] of [
      [new Uint8Array(await lenet.toBytes()), "net.safetensors"],
      [await exportOnnx(lenet), "net.onnx"],
    ] as const) {
      const { model, notes } = await readModel(bytes, { name });
      expect(notes).toEqual([]);
      const { data } = await model.predict(images);
      for (const [index, value] of data.entries()) expect(value).toBeCloseTo(expected.data[index], 4);
    }
  });

  it("of weights alone is the net that is given, or named, or that the path tells", async () => {
    const { tensors } = await exportWeights(lenet, { convention: "pytorch" });
    const bytes = new Uint8Array(await encodeTensors("safetensors", { tensors, metadata: { format: "pt" } }));
    const expected = await lenet.predict(images);
    for (const options of [
      { name: "weights.safetensors", network: "lenet5" },
      { name: "LeNet_5/weights.safetensors" },
    ]) {
      const { model } = await readModel(bytes, options);
      expect(model.name).toBe("lenet5");
      expect((await model.predict(images)).data).toEqual(expected.data);
    }
    const other = models.create("lenet5");
    const zeros = [...(await other.getWeights())].map(
      ([name, { shape }]) => [name, Tensor.zeros("float32", shape)] as const,
    );
    await other.setWeights(new Map(zeros));
    const { model } = await readModel(bytes, { name: "weights.safetensors", network: other });
    expect(model).toBe(other);
    expect((await model.predict(images)).data).toEqual(expected.data);
    await expect(
      readModel(bytes, { name: "weights.safetensors", network: models.create("convnet") }),
    ).rejects.toThrow("weights.safetensors: ");
    await expect(readModel(bytes, { name: "weights.safetensors" })).rejects.toThrow(
      "weights.safetensors: a file of the format safetensors (.safetensors) holds weights, but no network. Say which network they are of",
    );
    await expect(readModel(bytes, { name: "w", network: "lenet6" })).rejects.toThrow('no model "lenet6"');
  });

  it("is refused when it is no model at all", async () => {
    await expect(readModel(new Uint8Array([1, 2, 3]), { name: "photo.jpg" })).rejects.toThrow("photo.jpg");
  });
});

it("finds the net that a path names, the longest such name", () => {
  expect(zooNameIn("mobilenet_v1_0.25_224/model.json")).toBe("mobilenet-v1-0.25");
  expect(zooNameIn("resnet101-63fe2227.pth")).toBe("resnet101");
  expect(zooNameIn("vgg16_bn-6c64b313.pth")).toBe("vgg16-bn");
  expect(zooNameIn("model.json")).toBeNull();
});
