import { fileExists } from "#host";
import { placeOf } from "../../hub/index.ts";
import type { PreprocessingOptions } from "../../models/index.ts";
import { formatShape, nameHint, OptionError, type Shape } from "../../tensor/index.ts";
import { models, type PublishedWeights, weightsLabel, type ZooName } from "../../zoo/index.ts";
import type { ModelsFlags } from "../commands/models.ts";
import { formatCount, formatFlops, formatPercent } from "../terminal/numbers.ts";
import { renderTable } from "../terminal/table.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** A model by name, with its usual options. */
export interface ModelEntry {
  readonly name: ZooName;
  readonly description: string;
  /** Trained ones, as published: without running statistics. */
  readonly parameters: number;
  /** Of one example forward. */
  readonly flops: number;
  readonly inputShape: Shape;
  readonly classes: number;
  readonly sources: readonly string[];
  /** Published weights, by the words for them: `torchvision:v2`. */
  readonly weights: readonly (PublishedWeights & { readonly label: string })[];
}

/** What `fovea models NAME --json` prints. */
export interface ModelDocument extends Omit<ModelEntry, "weights"> {
  readonly weights: readonly (ModelEntry["weights"][number] & {
    /** Where the file is kept. */
    readonly file: string;
    /** Whether it is there. */
    readonly fetched: boolean;
  })[];
}

/** What `fovea models --json` prints. */
export interface ModelsDocument {
  readonly models: readonly ModelEntry[];
}

/** Lists all models. */
export function listModels(flags: ModelsFlags, terminal: Terminal): void {
  const entries = models.names.map(entryOf);
  if (flags.json === true) {
    const document: ModelsDocument = { models: entries };
    printJson(terminal, document);
  } else terminal.out(`${renderList(entries)}\n`);
}

/** Tells all that is known of one. @throws OptionError for an unknown name */
export async function describeModel(name: string, flags: ModelsFlags, terminal: Terminal): Promise<void> {
  if (!models.isZooName(name)) {
    throw new OptionError(`there is no model "${name}"`, {
      where: "fovea models",
      hint: nameHint(name, models.names),
    });
  }
  const { weights, ...entry } = entryOf(name);
  const placed: ModelDocument["weights"][number][] = [];
  for (const each of weights) {
    const file = placeOf(each.url);
    placed.push({ ...each, file, fetched: await fileExists(file) });
  }
  const document: ModelDocument = { ...entry, weights: placed };
  if (flags.json === true) printJson(terminal, document);
  else terminal.out(`${render(document)}\n`);
}

function entryOf(name: ZooName): ModelEntry {
  const { description, sources, parameters } = models.zoo[name];
  const model = models.create<string>(name);
  const { flops } = model.summary();
  return {
    name,
    description,
    parameters,
    flops,
    inputShape: model.inputShape,
    classes: model.outputShape.at(-1) ?? 0,
    sources,
    weights: models.publishedWeights(name).map((weights) => ({ label: weightsLabel(weights), ...weights })),
  };
}

function renderList(entries: readonly ModelEntry[]): string {
  const table = renderTable(
    [
      { heading: "model" },
      { heading: "parameters", align: "right" },
      { heading: "work", align: "right" },
      { heading: "input" },
      { heading: "weights" },
      { heading: "top-1", align: "right" },
    ],
    entries.map(({ name, parameters, flops, inputShape, weights }) => [
      name,
      formatCount(parameters),
      formatFlops(flops),
      formatShape(inputShape),
      weights.map(({ label }) => label).join(", "),
      weights.length === 0 ? "" : formatPercent(weights[0].accuracy.top1),
    ]),
  );
  return `${table}\nfovea models NAME tells more. Work: of one example forward. Top-1: on ImageNet, as published, of the first weights.`;
}

function render(document: ModelDocument): string {
  const { name, description, parameters, flops, inputShape, classes, sources, weights } = document;
  const facts = [
    `${formatCount(parameters)} parameters`,
    `${formatFlops(flops)} an example forward`,
    `input ${formatShape(inputShape)}`,
    `${formatCount(classes)} classes`,
  ];
  const none = "No weights are published for it: train it, or give a file by --weights.";
  return [
    `${name}: ${description}`,
    facts.join(", "),
    ...sources.map((source) => `  ${source}`),
    "",
    ...(weights.length === 0 ? [none] : weights.flatMap((each) => [...renderWeights(each), ""])),
  ]
    .join("\n")
    .trimEnd();
}

function renderWeights(weights: ModelDocument["weights"][number]): string[] {
  const { label, accuracy, licence, url, checksum, mebibytes, preprocessing, file, fetched, sources } =
    weights;
  const sum = checksum === null ? "no checksum is published" : `${checksum.algorithm} ${checksum.hex}`;
  const size = mebibytes === null ? "" : `, ${mebibytes} MiB`;
  return [
    `--weights ${label}`,
    `  top-1 ${formatPercent(accuracy.top1)}, top-5 ${formatPercent(accuracy.top5)} on ImageNet; licence ${licence}`,
    `  ${url}${size}, ${sum}`,
    `  ${fetched ? "kept" : "will be kept"} at ${file}`,
    `  images: ${describePreprocessing(preprocessing)}`,
    ...sources.map((source) => `  ${source}`),
  ];
}

/** `shorter side to 256 (bilinear), middle 224 x 224, RGB, each byte times 0.0171, ... plus -2.12, ...`. */
function describePreprocessing({
  resize,
  channelOrder = "rgb",
  scale,
  offset,
}: PublishedWeights["preprocessing"]): string {
  const { size, crop } = resize;
  return [
    `shorter side to ${size} pixels (bilinear), middle ${crop} x ${crop}`,
    channelOrder.toUpperCase(),
    `bytes times ${numbers(scale)} plus ${numbers(offset)}`,
  ].join(", ");
}

function numbers(values: PreprocessingOptions["scale"] = 0): string {
  return [values]
    .flat()
    .map((value) => Number(value.toPrecision(4)))
    .join(" ");
}
