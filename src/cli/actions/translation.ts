import { type ImageDataset, subset } from "../../data/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { type MovedModel, translationMap } from "../../inspect/index.ts";
import type { Model } from "../../models/index.ts";
import { OptionError, Tensor } from "../../tensor/index.ts";
import type { TranslationFlags } from "../commands/translation.ts";
import { openDataset } from "../dataset.ts";
import { arePhotos } from "../evaluate-photos.ts";
import { listenForInterruption } from "../interruption.ts";
import { openModel } from "../model-reference.ts";
import { prepareOutput, writeOutput } from "../output-file.ts";
import { withEngine } from "../session.ts";
import { untilStopped } from "../stopped.ts";
import { MoveProgress } from "../terminal/move-progress.ts";
import { formatCount, formatPercent } from "../terminal/numbers.ts";
import { type Column, renderTable } from "../terminal/table.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { translationDocument, translationFiles } from "../translation-files.ts";

/** Maps what moves do to models, one after the other. */
export async function translation(
  references: readonly string[],
  flags: TranslationFlags,
  terminal: Terminal,
): Promise<void> {
  const { out, quiet = false } = flags;
  if (out !== undefined) await prepareOutput(out.path);
  await withEngine(flags, async (engine) => {
    const opened = [];
    for (const reference of references) {
      opened.push({
        reference,
        ...(await openModel(reference, { flags: { strict: true }, engine, terminal })),
      });
    }
    const data = flags.data ?? (await opened[0]?.data()) ?? "mnist";
    if (await arePhotos(data)) {
      throw new OptionError(`${data} holds photos, which are not moved here`, {
        where: "--data",
        hint: "translationMap() of the library takes streams of photos.",
      });
    }
    const { test } = await openDataset(data, { quiet }, terminal);
    using interruption = listenForInterruption(() => terminal.err("\nStopping.\n"));
    const { signal } = interruption;
    const models: MovedModel[] = [];
    for (const { reference, model } of opened) {
      const moving = moveModel(reference, model, test, { ...flags, engine: await engine, signal, terminal });
      models.push(await untilStopped(reference, { signal, keeps: false }, () => moving));
    }
    const report = { data, models };
    if (out !== undefined) await writeOutput(out.path, await translationFiles[out.kind](report));
    if (flags.json === true) printJson(terminal, translationDocument(report));
    else terminal.out(`${tableOf(models, data)}${out === undefined ? "" : `Written to ${out.path}.\n`}`);
  });
}

/** How {@link moveModel} works. */
export interface MoveModelOptions
  extends Pick<TranslationFlags, "maxShift" | "limit" | "background" | "examples" | "batchSize" | "quiet"> {
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/** A model's map, with what a report needs beside it. */
export async function moveModel(
  name: string,
  model: Model,
  test: ImageDataset,
  { maxShift = 6, quiet = false, terminal, engine, signal, ...rest }: MoveModelOptions,
): Promise<MovedModel> {
  const progress = new MoveProgress(terminal, name, maxShift);
  const { limit, background, examples, batchSize } = rest;
  try {
    const map = await translationMap(model, test, {
      maxShift,
      ...(limit === undefined ? {} : { limit }),
      ...(background === undefined ? {} : { background }),
      ...(examples === undefined ? {} : { examples }),
      ...(batchSize === undefined ? {} : { batchSize }),
      engine,
      signal,
      onMove: quiet ? null : progress.show,
    });
    const { parameters } = model.summary();
    const classNames = model.classNames ?? test.classNames;
    return { name, parameters, map, classNames, images: imagesOf(test, map.flips) };
  } finally {
    progress.closeLine();
  }
}

function imagesOf(test: ImageDataset, flips: readonly { readonly index: number }[]): Tensor<"uint8"> {
  const [, ...shape] = test.images.shape;
  if (flips.length === 0) return Tensor.zeros("uint8", [0, ...shape]);
  const { images } = subset(
    test,
    flips.map(({ index }) => index),
  );
  if (images.data instanceof Uint8Array) return new Tensor("uint8", images.shape, images.data);
  throw new Error("images that were moved are bytes");
}

/** Accuracy by distance, and where consistency ends. */
export function tableOf(models: readonly MovedModel[], data: string): string {
  const [first] = models;
  if (first === undefined) return "";
  const { maxShift, examples } = first.map;
  const distances = Array.from({ length: maxShift + 1 }, (_, distance) => distance);
  const columns: Column[] = [
    { heading: "model" },
    ...distances.map((distance): Column => {
      return { heading: distance === 0 ? "unmoved" : `${distance} px`, align: "right" };
    }),
    { heading: `same answer at ${maxShift} px`, align: "right" },
  ];
  const rows = models.map(({ name, map }) => [
    name,
    ...map.byDistance.map(({ accuracy }) => formatPercent(accuracy)),
    formatPercent(map.byDistance[maxShift]?.consistency ?? 0),
  ]);
  const heading = `Accuracy on ${formatCount(examples)} test images of ${data}, means over all moves of a distance`;
  return `${heading}\n${renderTable(columns, rows)}\n`;
}
