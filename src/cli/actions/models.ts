import { fileExists } from "#host";
import { placeOf } from "../../hub/index.ts";
import type { Preprocessing, PreprocessingOptions } from "../../models/index.ts";
import { formatShape, nameHint, OptionError, type Shape } from "../../tensor/index.ts";
import {
  models,
  type PublishedWeights,
  type ReportedAccuracy,
  weightsLabel,
  type ZooEntry,
  type ZooName,
} from "../../zoo/index.ts";
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
  /** Of the net with fresh weights; published ones have their own. */
  readonly preprocessing: Preprocessing;
  /** What its paper reports, where no weights are published. */
  readonly reported: ReportedAccuracy | null;
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

type ZooFacts = Omit<ZooEntry, "create">;

function entryOf(name: ZooName): ModelEntry {
  const entry: ZooFacts = models.zoo[name];
  const { description, sources, parameters, reported = null } = entry;
  const model = models.create<string>(name);
  const { flops } = model.summary();
  return {
    name,
    description,
    parameters,
    flops,
    inputShape: model.inputShape,
    classes: model.outputShape.at(-1) ?? 0,
    preprocessing: model.preprocessing,
    reported,
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
  const { preprocessing, reported } = document;
  const facts = [
    `${formatCount(parameters)} parameters`,
    `${formatFlops(flops)} an example forward`,
    `input ${formatShape(inputShape)}`,
    `${formatCount(classes)} classes`,
  ];
  const none = [
    "No weights are published for it: train it, or give a file by --weights.",
    `images: ${describePreprocessing(preprocessing)}`,
    ...(reported === null ? [] : [describeAccuracy(reported)]),
  ];
  return [
    `${name}: ${description}`,
    facts.join(", "),
    ...sources.map((source) => `  ${source}`),
    "",
    ...(weights.length === 0 ? none : weights.flatMap((each) => [...renderWeights(each), ""])),
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

/** `its paper reports top-1 59.30 %, top-5 81.80 % on ImageNet's validation images, ten crops of each`. */
function describeAccuracy({ on, top1, top5 }: ReportedAccuracy): string {
  const shares = Object.entries({ "top-1": top1, "top-5": top5 }).flatMap(([what, share]) =>
    share === null ? [] : [`${what} ${formatPercent(share)}`],
  );
  return `its paper reports ${shares.join(", ")} on ${on}`;
}

/** `shorter side to 256 (bilinear), middle 224 x 224, RGB, each byte times 0.0171, ... plus -2.12, ...`. */
function describePreprocessing({
  resize,
  channelOrder = "rgb",
  scale,
  offset,
}: PublishedWeights["preprocessing"] | Preprocessing): string {
  const shaped =
    resize === null
      ? []
      : [`shorter side to ${resize.size} pixels (bilinear), middle ${resize.crop} x ${resize.crop}`];
  const bytes = `bytes times ${numbers(scale)} plus ${numbers(offset)}`;
  return [...shaped, channelOrder.toUpperCase(), bytes].join(", ");
}

function numbers(values: PreprocessingOptions["scale"] = 0): string {
  return [values]
    .flat()
    .map((value) => Number(value.toPrecision(4)))
    .join(" ");
}
