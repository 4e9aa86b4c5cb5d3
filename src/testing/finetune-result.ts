import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { layers } from "../layers/index.ts";
import { confusionMatrix } from "../metrics/index.ts";
import { type Model, sequential } from "../models/index.ts";
import type { FinetuneResult, PartScores, PhotoPart, PhotoPrediction } from "../reuse/index.ts";
import { RandomStream } from "../tensor/index.ts";
import type { EpochRecord } from "../train/index.ts";

/** Bytes of a binary PPM image: a slope from one colour to another, and a bright square somewhere. */
export function drawnPhoto(seed: number, width = 48, height = 40): Buffer {
  const stream = new RandomStream(seed);
  const [from, to] = [0, 1].map(() => [0, 1, 2].map(() => stream.integer(200)));
  const [left, top] = [stream.integer(width / 2), stream.integer(height / 2)];
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x >= left && x < left + width / 3 && y >= top && y < top + height / 3;
      for (let channel = 0; channel < 3; channel++) {
        const slope = from[channel] + ((to[channel] - from[channel]) * x) / width;
        pixels[3 * (y * width + x) + channel] = inside ? 245 : slope;
      }
    }
  }
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]);
}

/** What a drawn result is made of. */
export interface DrawnResult {
  /** The folder of the photos, which need not be there. */
  readonly folder: string;
  readonly engine: Engine;
  readonly classNames: readonly string[];
  /** Each photo's path below the folder, its class, and the class that it is taken for. */
  readonly photos: readonly { readonly path: string; readonly label: number; readonly taken: number }[];
}

/** A result as `finetune` gives it, of a net that has learned nothing: for what shows results. */
export function drawnResult({ folder, engine, classNames, photos }: DrawnResult): FinetuneResult {
  const place = (path: string) => ({ path, file: join(folder, path) });
  const predictions = photos.map(({ path, label, taken }, index): PhotoPrediction => {
    const sure = 0.55 + 0.44 * ((index * 0.37) % 1);
    const other = label === taken ? (label + 1) % classNames.length : label;
    const guess = (at: number, probability: number) => ({ class: at, name: classNames[at], probability });
    return {
      ...place(path),
      part: "test",
      label,
      top: [guess(taken, sure), guess(other, 1 - sure)],
      right: label === taken,
      labelProbability: label === taken ? sure : 1 - sure,
    };
  });
  const counts = classNames.map((name, label) => {
    const test = photos.filter((photo) => photo.label === label).length;
    return { name, train: 3 * test, validation: test, test, all: 5 * test };
  });
  return {
    photos: folder,
    classNames,
    counts,
    dealt: predictions.map(({ path, file, part, label }) => ({ path, file, part, label })),
    problems: [{ ...place("broken.jpg"), problem: "the image is cut short" }],
    duplicates: photos.length < 2 ? [] : [photos.slice(0, 2).map(({ path }) => place(path))],
    backbone: {
      name: "mobilenet-v1-0.25",
      weights: "weights.safetensors",
      tap: "global_pool",
      features: 256,
      parameters: 213_568,
      inputShape: [32, 32, 3],
    },
    head: { epochs: epochsOf(12, 1.1), weightDecay: 1e-3, bestEpoch: 8, refitted: false },
    unfrozen: {
      stages: ["block13"],
      parameters: 100_000,
      epochs: epochsOf(3, 0.4),
      bestEpoch: null,
      augmented: true,
    },
    validation: scoresOf("validation", predictions, classNames),
    test: scoresOf("test", predictions, classNames),
    folds: { folds: 2, accuracies: [0.9, 0.95], accuracy: 0.925 },
    features: { cached: 20, computed: 30 },
    cacheProblem: null,
    timings: [
      { phase: "scan", milliseconds: 120 },
      { phase: "features", milliseconds: 12_345 },
      { phase: "head", milliseconds: 950 },
    ],
    seed: 7,
    versions: { fovea: "0.1.0", runtime: "Node 20.20.2", engine: "wasm" },
    model: smallNet(classNames, engine),
  };
}

function smallNet(classNames: readonly string[], engine: Engine): Model {
  const model = sequential(
    [
      layers.conv2d({ filters: 6, kernelSize: 5, strides: 2, activation: "relu", inputShape: [32, 32, 3] }),
      layers.globalAveragePool2d(),
      layers.dense({ units: classNames.length }),
    ],
    { classNames, seed: 3 },
  );
  model.compile({ engine });
  return model;
}

function scoresOf(
  part: PhotoPart,
  predictions: readonly PhotoPrediction[],
  classNames: readonly string[],
): PartScores {
  const labels = predictions.map(({ label }) => label);
  const taken = predictions.map(({ top }) => top[0]?.class ?? 0);
  const confusion = confusionMatrix(labels, taken, classNames.length);
  const mistakes = predictions
    .filter(({ right }) => !right)
    .sort((a, b) => a.labelProbability - b.labelProbability);
  return {
    part,
    examples: predictions.length,
    accuracy: confusion.accuracy,
    loss: 0.321,
    confusion,
    classes: classNames.map((name, index) => ({
      name,
      examples: labels.filter((label) => label === index).length,
      precision: confusion.precision[index],
      recall: confusion.recall[index],
      f1: confusion.f1[index],
    })),
    predictions,
    mistakes,
  };
}

function epochsOf(count: number, loss: number): EpochRecord[] {
  return Array.from({ length: count }, (_, epoch) => {
    const left = loss * 0.8 ** epoch;
    return {
      epoch,
      loss: left,
      metrics: { accuracy: 1 - 0.4 * left },
      validation: { loss: left + 0.05, accuracy: 0.98 - 0.4 * left },
      learningRate: 0.01 * 0.9 ** epoch,
      milliseconds: 40,
    };
  });
}
