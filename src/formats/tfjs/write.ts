import { FormatError } from "../../tensor/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { elementBytes } from "../elements.ts";

/** A layers model to be written. */
export interface TfjsModel {
  /** The model's configuration, as Keras describes it. */
  readonly config: object;
  /** By `layer/variable`, in the order of the layers. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Free text by name, kept as `userDefinedMetadata`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Bytes of a shard: 4 MB, as TensorFlow.js's converter cuts, so that browsers keep each in their cache. */
const shardBytes = 4 * 2 ** 20;

const types = { float32: "float32", int32: "int32", uint8: "uint8" } as const;

/**
 * Writes a TensorFlow.js layers model: `model.json` and `group1-shard1of2.bin` and so on, by name.
 *
 * @throws FormatError for weights of a type that TensorFlow.js does not have
 */
export function encodeTfjs({ config, weights, metadata }: TfjsModel): Map<string, Uint8Array<ArrayBuffer>> {
  const entries = [...weights].map(([name, { dtype, shape, data }]) => {
    if (dtype === "float64" || dtype === "uint32") {
      throw new FormatError(`"${name}" is of type ${dtype}, which TensorFlow.js does not have`, {
        where: "TensorFlow.js",
        hint: 'Convert it first: tensor.as("float32").',
      });
    }
    return { entry: { name, shape, dtype: types[dtype] }, bytes: elementBytes(data) };
  });
  const shards = cut(entries.map(({ bytes }) => bytes));
  const paths = shards.map((_, index) => `group1-shard${index + 1}of${shards.length}.bin`);
  const model = {
    format: "layers-model",
    generatedBy: "fovea",
    convertedBy: null,
    modelTopology: { keras_version: "2.15.0", backend: "tensorflow", model_config: config },
    weightsManifest: [{ paths, weights: entries.map(({ entry }) => entry) }],
    ...(metadata !== undefined && { userDefinedMetadata: metadata }),
  };
  const json = new TextEncoder().encode(JSON.stringify(model));
  return new Map([["model.json", json], ...paths.map((path, index) => [path, shards[index]] as const)]);
}

/** All bytes one behind the other, cut into shards. */
function cut(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(length);
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  const count = Math.max(1, Math.ceil(length / shardBytes));
  return Array.from({ length: count }, (_, index) =>
    whole.slice(index * shardBytes, (index + 1) * shardBytes),
  );
}
