import { encodeTfjs } from "../../formats/index.ts";
import type { Layer, LayerKind } from "../../layers/index.ts";
import type { Model } from "../../models/index.ts";
import { FormatError, type Tensor } from "../../tensor/index.ts";
import type { ExportContext, Exporter, KerasDescription, Placed } from "./exporters/exporter.ts";
import { refusal } from "./exporters/exporter.ts";
import { exporters } from "./exporters/table.ts";

/** A layer that has been placed, and what goes in each time. */
interface PlacedLayer {
  readonly name: string;
  readonly description: KerasDescription;
  readonly trainable: boolean;
  readonly calls: (readonly Placed[])[];
}

/**
 * Writes a model as a TensorFlow.js layers model, which `tf.loadLayersModel` reads: `model.json` and its weights in files
 * of 4 MB, by name. The model takes what its first layer takes: images that have been preprocessed. How is kept in
 * `userDefinedMetadata`, with the names of the classes.
 *
 * @throws FormatError naming the layer for what TensorFlow.js has no layer for: local response normalization, groups of several channels
 */
export async function exportTfjs(model: Model): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { layers, weights, input, output } = new Writer(model, await model.getWeights()).write();
  const config = {
    class_name: "Functional",
    config: {
      name: model.name,
      trainable: true,
      layers,
      input_layers: [[input, 0, 0]],
      output_layers: [[output.layer, output.call, 0]],
    },
  };
  const { classNames, preprocessing } = model;
  const metadata = {
    preprocessing: JSON.stringify(preprocessing),
    ...(classNames !== null && { classNames: JSON.stringify(classNames) }),
  };
  return encodeTfjs({ config, weights, metadata });
}

class Writer {
  readonly #model: Model;
  readonly #parameters: ReadonlyMap<string, Tensor>;
  readonly #names: ReadonlySet<string>;
  readonly #placed = new Map<string, PlacedLayer>();

  constructor(model: Model, parameters: ReadonlyMap<string, Tensor>) {
    this.#model = model;
    this.#parameters = parameters;
    this.#names = new Set(model.architecture.layers.map(({ name }) => name));
  }

  write() {
    const { layers, calls, input, output } = this.#model.architecture;
    const needed = reaching(calls, output);
    const values = new Map<number, Placed>();
    for (const [position, call] of calls.entries()) {
      if (!needed.has(position)) continue;
      const { name, layer } = layers[call.layer];
      if (position === input) values.set(position, this.#placeInput(name, call.shape));
      else {
        const inputs = call.inputs.flatMap((source) => values.get(source) ?? []);
        values.set(position, { ...this.#export(name, layer, inputs, call.shape), shape: call.shape });
      }
    }
    const end = values.get(output);
    if (end === undefined)
      throw new FormatError("the model has no output", { where: `model "${this.#model.name}"` });
    const written = [...this.#placed.values()];
    const weights = new Map(
      written.flatMap(({ name, description }) =>
        Object.entries(description.weights ?? {}).map(
          ([variable, tensor]) => [`${name}/${variable}`, tensor] as const,
        ),
      ),
    );
    return { layers: written.map(describe), weights, input: layers[calls[input].layer].name, output: end };
  }

  #placeInput(name: string, shape: readonly number[]): Placed {
    const config = { batch_input_shape: [null, ...shape], dtype: "float32", sparse: false };
    this.#placed.set(name, {
      name,
      description: { className: "InputLayer", config },
      trainable: true,
      calls: [],
    });
    return { layer: name, call: 0, shape, isPositive: false };
  }

  #export<K extends LayerKind>(
    name: string,
    layer: Layer<K>,
    inputs: readonly Placed[],
    shape: readonly number[],
  ): Placed {
    const exporter: Exporter<K> = exporters[layer.kind];
    // A layer that is used twice is placed once, and called twice, and so are its helpers.
    const place = (own: string, description: KerasDescription, sources: readonly Placed[]): Placed => {
      const known = this.#placed.get(own) ?? {
        name: own,
        description,
        trainable: layer.trainable,
        calls: [],
      };
      this.#placed.set(own, known);
      known.calls.push(sources);
      return { layer: own, call: known.calls.length - 1, shape, isPositive: false };
    };
    const context: ExportContext<K> = {
      layer,
      options: layer.options,
      inputs,
      shape,
      parameter: (parameter) => this.#parameter(`${name}.${parameter}`),
      place: (description, sources) => place(name, description, sources),
      helper: (part, description, sources) => place(this.#helperName(name, part), description, sources),
      refuse: (what) => refusal(name, layer.kind, what),
    };
    return exporter(context);
  }

  #helperName(name: string, part: string): string {
    let candidate = `${name}.${part}`;
    while (this.#names.has(candidate)) candidate = `${candidate}_`;
    return candidate;
  }

  #parameter(name: string): Tensor<"float32"> {
    const tensor = this.#parameters.get(name);
    if (tensor === undefined)
      throw new FormatError(`the model has no parameter "${name}"`, { where: this.#model.name });
    return tensor.as("float32");
  }
}

/** Calls that an output needs. */
function reaching(
  calls: readonly { readonly inputs: readonly number[] }[],
  output: number,
): ReadonlySet<number> {
  const needed = new Set([output]);
  for (const position of needed) for (const source of calls[position].inputs) needed.add(source);
  return needed;
}

/** As it stands in the configuration. */
function describe({ name, description: { className, config }, trainable, calls }: PlacedLayer) {
  return {
    class_name: className,
    name,
    config: { name, trainable, ...config },
    inbound_nodes: calls.map((sources) => sources.map(({ layer, call }) => [layer, call, 0, {}])),
  };
}
