import { checksumOf } from "#host";
import { type Model, modelParameters } from "../../models/index.ts";

/** Counts changes of how features come about; those of an earlier version are not used any more. */
const version = 1;

/**
 * What tells a network's features from those of all others: a SHA-256 over its layers, its weights and how images become
 * its inputs. Names of the model and of its classes do not count.
 *
 * @param pooling - what becomes of spatial features
 * @returns hexadecimal; `null` where the host cannot work it out
 */
export async function networkDigest(model: Model, pooling: "mean" | "keep"): Promise<string | null> {
  const { layers, calls, input, output } = model.architecture;
  const description = {
    version,
    layers,
    calls: calls.map(({ layer, inputs }) => ({ layer, inputs })),
    ends: { input, output },
    preprocessing: model.preprocessing,
    pooling,
  };
  const weights = await model.getWeights();
  const sums: string[] = [];
  for (const { name } of modelParameters(model.architecture)) {
    const data = weights.get(name)?.data;
    if (data === undefined) continue;
    // Each for itself: all weights in one piece would be in memory twice.
    const sum = await sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    if (sum === null) return null;
    sums.push(`${name} ${sum}`);
  }
  return await sha256(new TextEncoder().encode(JSON.stringify([description, sums])));
}

/** @returns hexadecimal; `null` where the host cannot work it out */
export async function sha256(bytes: Uint8Array): Promise<string | null> {
  return await checksumOf(new Uint8Array(bytes), "sha256");
}
