/**
 * TensorFlow graphs, as TensorFlow.js keeps them: nodes in JSON, values of constants as weights. Each node of a product, a
 * normalization and so on becomes a layer with its weights; what depends on shapes alone is worked out.
 */
import { clip } from "../../formats/format-errors.ts";
import type { NamedTensors } from "../../formats/index.ts";
import { Layer } from "../../layers/index.ts";
import { input as inputTensor, modelParameters } from "../../models/index.ts";
import { FormatError, type Tensor } from "../../tensor/index.ts";
import { asFile, assembleModel, type ImportedModel, type ImportKerasOptions } from "../keras/imported.ts";
import { safeName } from "../keras/names.ts";
import { readGraph } from "./graph.ts";
import { translate } from "./translate.ts";

/** Makes a model of a TensorFlow.js graph model that has been read. @throws FormatError naming node and op */
export function importGraph(file: NamedTensors, options: ImportKerasOptions): ImportedModel {
  const { name, inputShape = null } = options;
  const { graph: text = "", signature = "null" } = file.metadata;
  const graph = readGraph(JSON.parse(text), JSON.parse(signature), name);
  const shape = inputShape ?? graph.inputShape;
  if (shape === null) {
    throw new FormatError(`the graph leaves the sizes of its input "${clip(graph.input.name)}" open`, {
      where: name,
      hint: "Give them: { inputShape: [224, 224, 3] }.",
    });
  }
  const { image, output, weights } = asFile(name, () => {
    const layer = new Layer("input", { shape, name: safeName(graph.input.name) });
    const source = { ...inputTensor({ shape }), layer };
    return { image: source, ...translate(graph, source, file.tensors) };
  });
  const model = assembleModel({ inputs: image, outputs: output }, "model", options, ({ layers, ...rest }) => {
    const entries = modelParameters({ layers, ...rest }).map(({ name: parameter, layer: index }) => {
      const { name: layerName, layer } = layers[index];
      const own: Readonly<Record<string, Tensor>> = weights.get(layer) ?? {};
      return [parameter, own[parameter.slice(layerName.length + 1)]] as const;
    });
    return new Map(entries);
  });
  const used = new Set(graph.nodes.map((node) => node.name));
  return { model, notes: [], unused: [...file.tensors.keys()].filter((each) => !used.has(each)) };
}
