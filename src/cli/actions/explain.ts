import { folderExists } from "#host";
import type { Engine } from "../../engine/engine.ts";
import type { AttributionMethod } from "../../inspect/index.ts";
import type { Model } from "../../models/index.ts";
import { FormatError, FoveaError, MemoryError } from "../../tensor/index.ts";
import type { ExplainFlags } from "../commands/explain.ts";
import { type ExplainedPhoto, methodsOf, PhotoExplainer, type SeenPhoto } from "../explain/explanation.ts";
import { methodTexts } from "../explain/method-texts.ts";
import { explainDocument, writeExplanation } from "../explain/outputs.ts";
import { noteOf } from "../explain/report.ts";
import { readReferredImage } from "../image-reference.ts";
import { listenForInterruption } from "../interruption.ts";
import { openModel } from "../model-reference.ts";
import { prepareSheet } from "../output-file.ts";
import { listPhotoFiles } from "../photo-files.ts";
import { untilStopped } from "../stopped.ts";
import { formatPercent } from "../terminal/numbers.ts";
import { StepProgress } from "../terminal/step-progress.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

interface Problem {
  readonly input: string;
  readonly problem: string;
}

const defaultOut = "explanation.html";

/** Explains what a model says of photos. @param engine - awaited only when all else is at hand */
export async function explain(
  reference: string,
  names: readonly string[],
  flags: ExplainFlags,
  engine: Promise<Engine>,
  terminal: Terminal,
): Promise<void> {
  const out = flags.out ?? (flags.json === true ? null : defaultOut);
  if (out !== null) await prepareSheet(out);
  const { files, problems } = await gather(names);
  const { model } = await openModel(reference, { flags, engine, terminal });
  const photos: ExplainedPhoto[] = [];
  const progress = new StepProgress(terminal);
  using interruption = listenForInterruption(() => progress.closeLine());
  const { signal } = interruption;
  const show = (name: string) => (method: AttributionMethod, done: number, total: number) =>
    progress.show(`${name}: ${methodTexts[method].title}`, done, total);
  const explainer = new PhotoExplainer(model, flags, signal);
  await untilStopped("explain", { signal, keeps: false }, async () => {
    for (const name of files) {
      const photo = await readPhoto(name, model, flags, files.length > 1, terminal);
      if ("problem" in photo) problems.push(photo);
      else photos.push(await withMemoryHint(() => explainer.explain(photo, show(name))));
    }
  });
  progress.closeLine();
  for (const { input, problem } of problems) terminal.err(`${input}: ${problem}\n`);
  for (const note of explainer.notes) terminal.err(`${note}\n`);
  if (photos.length === 0) {
    throw new FormatError(`not one of ${files.length} photos can be read`, {
      hint: "Check that they open in an image viewer.",
    });
  }
  const { notes } = explainer;
  const methods = methodsOf(flags).filter((method) =>
    photos[0].classes[0].maps.some((map) => map.method === method),
  );
  const report = { model: reference, methods, photos, problems, notes };
  if (out !== null) await writeExplanation(out, report);
  if (flags.json === true) printJson(terminal, explainDocument(report, false));
  else terminal.out(`${photos.map(describe).join("")}Written to ${out}\n`);
}

/** The files that were named, and the photos below folders that were. */
async function gather(names: readonly string[]) {
  const files: string[] = [];
  const problems: Problem[] = [];
  for (const name of names) {
    if (!(await folderExists(name))) {
      files.push(name);
      continue;
    }
    try {
      const found = await listPhotoFiles(name);
      files.push(...found.files);
      problems.push(...found.problems.map(({ path, problem }) => ({ input: path, problem })));
    } catch (error) {
      // One folder without photos is told, and what else was named goes on.
      if (names.length === 1 || !(error instanceof FoveaError)) throw error;
      problems.push({ input: name, problem: error.what });
    }
  }
  return { files, problems };
}

/** A photo as the model sees it. @param mayMiss - what is wrong with the file is returned, not thrown */
async function readPhoto(
  name: string,
  model: Model,
  { fit, json = false }: ExplainFlags,
  mayMiss: boolean,
  terminal: Terminal,
): Promise<SeenPhoto | Problem> {
  const reading = { quiet: json, ...(fit === undefined ? {} : { fit }) };
  try {
    const { pixels } = await readReferredImage(name, model, reading, terminal);
    const [height, width, channels] = pixels.shape;
    return { name, image: { width, height, channels: channels === 1 ? 1 : 3, pixels: pixels.data } };
  } catch (error) {
    if (mayMiss && error instanceof FoveaError) return { input: name, problem: error.what };
    throw error;
  }
}

/** Gradients need room for all that lies between the pixels and the score. */
async function withMemoryHint<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    throw new MemoryError(error.what, {
      where: "explain",
      hint: "Give a smaller --batch-size, or --method grad-cam,occlusion, which need less.",
      cause: error,
    });
  }
}

function describe({ name, classes }: ExplainedPhoto): string {
  const lines = classes.map(({ name: className, probability, score, maps }) => {
    const notes = maps.flatMap((map) => {
      const note = noteOf(map);
      return note === null ? [] : [`  ${methodTexts[map.method].title}: ${note}\n`];
    });
    return `${name}: ${className} ${formatPercent(probability)}, score ${score.toFixed(2)}\n${notes.join("")}`;
  });
  return lines.join("");
}
