import { augmentations, createWasmEngine, data, models, Tensor } from "fovea";

/** How a short training is to be run. */
export interface ShortTraining {
  readonly precision: "fast" | "exact";
  readonly threads: number;
  /** Whether images are changed at random. */
  readonly augmented?: boolean;
}

/** What came of it. */
export interface ShortResult {
  /** Of each step. */
  readonly losses: readonly number[];
  /** FNV-1a hash of the bits of all weights, in the order of their names. */
  readonly weightsHash: string;
  readonly engine: string;
}

/** Steps that are taken; an epoch is one step here, so that each has a loss of its own. */
export const steps = 10;
const batchSize = 48;
const classes = 10;

/** Of each sort one: a turn, colours, bytes that are changed before the step, and labels that are mixed. */
const changes = [
  augmentations.rotation({ degrees: 20 }),
  augmentations.colorJitter({ brightness: 0.3, contrast: 0.3 }),
  augmentations.cutout({ size: 6 }),
  augmentations.randAugment(),
  augmentations.mixup(),
];

/** Trains lenet5 for some steps on images that are made up, always the same. Runs in Node and in a page. */
export async function trainShortly({
  precision,
  threads,
  augmented = false,
}: ShortTraining): Promise<ShortResult> {
  const engine = await createWasmEngine({ precision, threads });
  try {
    const model = models.create("lenet5");
    model.compile({ optimizer: "adam", engine });
    const { epochs } = await model.fit(madeUpImages(), {
      epochs: steps,
      batchSize,
      seed: 7,
      ...(augmented ? { augment: changes } : {}),
    });
    const weights = await model.getWeights();
    return { losses: epochs.map(({ loss }) => loss), weightsHash: hashOf(weights), engine: engine.name };
  } finally {
    await engine.close();
  }
}

/** A bright bar on a noisy ground; its place depends on the class. */
function madeUpImages() {
  const size = 28;
  const pixels = new Uint8Array(batchSize * size * size);
  const labels = new Int32Array(batchSize);
  let state = 12345;
  for (let image = 0; image < batchSize; image++) {
    labels[image] = image % classes;
    for (let pixel = 0; pixel < size * size; pixel++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const row = Math.floor(pixel / size);
      const bar = row >= 2 * labels[image] + 2 && row < 2 * labels[image] + 6;
      pixels[image * size * size + pixel] = (bar ? 150 : 0) + (state >>> 26);
    }
  }
  return data.fromArrays({
    images: new Tensor("uint8", [batchSize, size, size, 1], pixels),
    labels,
    classes,
  });
}

function hashOf(weights: ReadonlyMap<string, Tensor>): string {
  let hash = 0x811c9dc5;
  for (const [, { data: values }] of [...weights].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) {
      hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    }
  }
  return hash.toString(16).padStart(8, "0");
}
