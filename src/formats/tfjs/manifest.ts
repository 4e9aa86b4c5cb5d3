import { type Shape, sizeOf } from "../../tensor/shape.ts";
import { clip, damageOf, tensorPlace } from "../format-errors.ts";
import { unsupportedType } from "./errors.ts";

/** The error for a manifest that breaks the format. */
export const damagedTfjs = damageOf("TensorFlow.js model");

/** Element types as they are stored, and their bytes. */
export const storedBytes = {
  float32: 4,
  float16: 2,
  int32: 4,
  int16: 2,
  uint16: 2,
  uint8: 1,
  bool: 1,
} as const;

/** A name of {@link storedBytes}. */
export type TfjsType = keyof typeof storedBytes;

/** A weight of which each value was stored in a byte or two: value = stored * scale + minimum. */
export interface Quantization {
  readonly scale: number;
  readonly minimum: number;
}

/** A weight as the manifest describes it. */
export interface WeightEntry {
  readonly name: string;
  readonly shape: Shape;
  /** As it is used. */
  readonly dtype: TfjsType;
  /** As it is stored. */
  readonly stored: TfjsType;
  readonly quantization: Quantization | null;
  readonly bytes: number;
}

/** Weights that lie one behind the other in files of their own. */
export interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly WeightEntry[];
}

const groupLimit = 100_000;
const weightLimit = 100_000;
const rankLimit = 16;

/**
 * Checks a weights manifest.
 *
 * @param value - of `weightsManifest` in `model.json`, or the whole of `weights_manifest.json`
 * @param name - the file's name, for errors
 */
export function readManifest(value: unknown, name: string): readonly WeightGroup[] {
  if (!Array.isArray(value) || value.length > groupLimit) {
    throw damagedTfjs(`the weights manifest is not a list of at most ${groupLimit} groups`, name);
  }
  const names = new Set<string>();
  const paths = new Set<string>();
  const groups = value.map((group) => readGroup(group, name));
  for (const group of groups) {
    for (const path of group.paths) {
      if (paths.has(path)) throw damagedTfjs(`the file "${clip(path)}" is listed twice`, name);
      paths.add(path);
    }
    for (const weight of group.weights) {
      if (names.has(weight.name)) throw damagedTfjs(`the name "${clip(weight.name)}" is there twice`, name);
      names.add(weight.name);
    }
  }
  return groups;
}

function readGroup(value: unknown, name: string): WeightGroup {
  const { paths, weights } = isObject(value) ? value : {};
  if (
    !Array.isArray(paths) ||
    paths.length > groupLimit ||
    !paths.every((path) => typeof path === "string")
  ) {
    throw damagedTfjs('a group of weights has no list "paths" of file names', name);
  }
  if (!Array.isArray(weights) || weights.length > weightLimit) {
    throw damagedTfjs(`a group has no list "weights" of at most ${weightLimit} entries`, name);
  }
  return { paths, weights: weights.map((weight) => readWeight(weight, name)) };
}

function readWeight(value: unknown, file: string): WeightEntry {
  const { name, shape, dtype, quantization } = isObject(value) ? value : {};
  if (typeof name !== "string" || name === "") throw damagedTfjs("a weight has no name", file);
  const where = tensorPlace(file, name);
  if (!isShape(shape)) {
    throw damagedTfjs(`its shape is not a list of at most ${rankLimit} whole numbers from 0 up`, where);
  }
  if (!isStoredType(dtype)) throw unsupportedType(dtype, where);
  const quantized =
    quantization === undefined || quantization === null ? null : readQuantization(quantization, where);
  const stored = quantized?.stored ?? dtype;
  const bytes = sizeOf(shape) * storedBytes[stored];
  if (!Number.isSafeInteger(bytes)) throw damagedTfjs("its shape is larger than any file", where);
  return { name, shape, dtype, stored, quantization: quantized?.values ?? null, bytes };
}

function readQuantization(value: unknown, where: string) {
  const { dtype, scale, min } = isObject(value) ? value : {};
  // Half precision is stored as it is.
  if (dtype === "float16") return { stored: dtype, values: null } as const;
  if (dtype !== "uint8" && dtype !== "uint16") throw unsupportedType(dtype, where);
  if (
    typeof scale !== "number" ||
    typeof min !== "number" ||
    !Number.isFinite(scale) ||
    !Number.isFinite(min)
  ) {
    throw damagedTfjs("its quantization has no numbers scale and min", where);
  }
  return { stored: dtype, values: { scale, minimum: min } } as const;
}

function isStoredType(value: unknown): value is TfjsType {
  return typeof value === "string" && Object.hasOwn(storedBytes, value);
}

function isShape(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= rankLimit &&
    value.every((size) => Number.isSafeInteger(size) && size >= 0)
  );
}

/** Whether a value of JSON is an object and no list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
