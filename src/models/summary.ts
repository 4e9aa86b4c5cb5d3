import { isKind, type Node, topologicalOrder } from "../graph/index.ts";
import type { LayerKind } from "../layers/index.ts";
import { createBuild, type OpRule, opTable } from "../ops/index.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/index.ts";
import { type Architecture, inferenceLayers, inputShapeOf, modelParameters } from "./architecture.ts";
import { buildForward } from "./forward.ts";

/** One layer of a summary. */
export interface LayerSummary {
  readonly name: string;
  readonly kind: LayerKind;
  /** Without the batch. A layer that is used several times: of its first use. */
  readonly outputShape: Shape;
  /** Weights and statistics, as numbers. */
  readonly parameters: number;
  readonly trainableParameters: number;
  /** Floating-point operations to predict one example, multiply and add counted as two; 0 in auxiliary heads. */
  readonly flops: number;
  /** Whether only auxiliary heads have it: inference does without. */
  readonly auxiliary: boolean;
}

/** A model in figures. */
export interface ModelSummary {
  readonly name: string;
  readonly layers: readonly LayerSummary[];
  /** Without those of auxiliary heads, as publications count. */
  readonly parameters: number;
  /** Without those of auxiliary heads. */
  readonly trainableParameters: number;
  /** Of auxiliary heads: a model file holds so many more. 0 for a model without heads. */
  readonly auxiliaryParameters: number;
  /** To predict one example. */
  readonly flops: number;
  /** A text table in Keras's manner. */
  toString(): string;
}

/** Sums up a model layer by layer. */
export function summarize(architecture: Architecture): ModelSummary {
  const flops = flopsByScope(architecture);
  const parameters = modelParameters(architecture);
  const inInference = inferenceLayers(architecture);
  const layers = architecture.layers.map(({ name, layer }, index): LayerSummary => {
    const own = parameters.filter((parameter) => parameter.layer === index);
    const call = architecture.calls.find((candidate) => candidate.layer === index);
    return {
      name,
      kind: layer.kind,
      outputShape: call?.shape ?? [],
      parameters: total(own.map(({ shape }) => sizeOf(shape))),
      trainableParameters: total(own.filter(({ trainable }) => trainable).map(({ shape }) => sizeOf(shape))),
      flops: flops.get(name) ?? 0,
      auxiliary: !inInference.has(index),
    };
  });
  const main = layers.filter(({ auxiliary }) => !auxiliary);
  const heads = layers.filter(({ auxiliary }) => auxiliary);
  const summary = {
    name: architecture.name,
    layers,
    parameters: total(main.map((layer) => layer.parameters)),
    trainableParameters: total(main.map((layer) => layer.trainableParameters)),
    auxiliaryParameters: total(heads.map((layer) => layer.parameters)),
    flops: total(layers.map((layer) => layer.flops)),
  };
  return { ...summary, toString: () => tableOf(summary) };
}

function flopsByScope(architecture: Architecture): Map<string, number> {
  const shape = [1, ...inputShapeOf(architecture)];
  const images = createBuild()("input", [], { name: "images", shape, dtype: "float32" });
  const { output } = buildForward(architecture, images, { training: false, key: null });
  const flops = new Map<string, number>();
  for (const node of topologicalOrder([output])) {
    if (isKind(node, "input") || isKind(node, "variable")) continue;
    flops.set(node.scope, (flops.get(node.scope) ?? 0) + costOf(node));
  }
  return flops;
}

function costOf(node: Node): number {
  return (opTable[node.kind] as OpRule<typeof node.kind>).cost(node).flops;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function tableOf(summary: Omit<ModelSummary, "toString">): string {
  const header = ["Layer (kind)", "Output shape", "Parameters", "FLOPs"];
  const rows = summary.layers.map(({ name, kind, outputShape, parameters, flops, auxiliary }) => [
    `${name} (${kind}${auxiliary ? ", in training only" : ""})`,
    formatShape(outputShape),
    grouped(parameters),
    grouped(flops),
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join("  ")
      .trimEnd();
  const rule = "-".repeat(total(widths) + 2 * (widths.length - 1));
  const frozen = summary.parameters - summary.trainableParameters;
  const ofHeads = `Parameters of auxiliary heads, in training only: ${grouped(summary.auxiliaryParameters)}`;
  return [
    `Model "${summary.name}"`,
    line(header),
    rule,
    ...rows.map(line),
    rule,
    `Parameters: ${grouped(summary.parameters)} (${grouped(summary.trainableParameters)} trainable, ${grouped(frozen)} not)`,
    ...(summary.auxiliaryParameters > 0 ? [ofHeads] : []),
    `FLOPs to predict one example: ${grouped(summary.flops)}`,
  ].join("\n");
}

/** 535818 as 535,818, whatever the host's locale. */
function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}
