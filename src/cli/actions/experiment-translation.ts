import { folderExists } from "#host";
import { countOf, loadDataset, take } from "../../data/index.ts";
import type { TranslationMap } from "../../inspect/index.ts";
import { TrainingError } from "../../tensor/index.ts";
import type { ExperimentFlags } from "../commands/experiment.ts";
import { type Finding, findingsOf, type TrainedVariant } from "../experiment/findings.ts";
import { type ExperimentReport, experimentReport } from "../experiment/report.ts";
import { type Training, trainVariant } from "../experiment/train-variant.ts";
import { type Variant, variants } from "../experiment/variants.ts";
import { listenForInterruption } from "../interruption.ts";
import { prepareOutput, writeOutput } from "../output-file.ts";
import { freeFolder } from "../run.ts";
import { withEngine } from "../session.ts";
import { untilStopped } from "../stopped.ts";
import { formatCount } from "../terminal/numbers.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { moveModel, tableOf } from "./translation.ts";

/** A net of {@link ExperimentDocument}. */
export interface ExperimentNet extends TranslationMap, Variant {
  readonly parameters: number;
  readonly seconds: number;
  readonly run: string;
  /** On all test digits, unmoved. */
  readonly accuracy: number;
}

/** What `fovea experiment translation --json` prints. */
export interface ExperimentDocument {
  readonly data: string;
  readonly examples: number;
  readonly testExamples: number;
  readonly seed: number;
  readonly engine: string;
  readonly seconds: number;
  readonly nets: readonly ExperimentNet[];
  readonly findings: readonly Finding[];
}

const usualTestLimit = 1000;

/** Trains all nets of the experiment, maps how they bear moves, and reports. */
export async function experimentTranslation(flags: ExperimentFlags, terminal: Terminal): Promise<void> {
  const begin = performance.now();
  const { quiet = false, seed = 1, overwrite = false } = flags;
  const folder = flags.runs ?? (await freeFolder("translation", overwrite));
  const out = flags.out ?? { path: `${folder}/report.html`, kind: "html" as const };
  // What would stop the work at its end stops it here.
  await checkFree(folder, overwrite);
  await prepareOutput(out.path);
  await withEngine(flags, async (starting) => {
    const all = await loadDataset("mnist");
    const data = flags.limit === undefined ? all : { ...all, train: take(all.train, flags.limit) };
    const engine = await starting;
    using interruption = listenForInterruption(() => terminal.err("\nStopping.\n"));
    const { signal } = interruption;
    const { epochs = null, limit = null } = flags;
    const training = { data, engine, folder, overwrite, epochs, limit, seed, quiet, signal, terminal };
    const nets: TrainedVariant[] = [];
    for (const [index, variant] of variants.entries()) {
      if (!quiet) terminal.err(`\n${index + 1}/${variants.length} ${variant.name}: ${variant.idea}\n`);
      const work = () => trainAndMove(variant, training, flags);
      nets.push(await untilStopped("experiment translation", { signal, keeps: false }, work));
    }
    const report: ExperimentReport = {
      nets,
      ...{ seed, engine: engine.name, seconds: (performance.now() - begin) / 1000 },
      trainExamples: countOf(data.train),
      testExamples: countOf(data.test),
    };
    const document = documentOf(report);
    await writeOutput(
      out.path,
      out.kind === "html" ? await experimentReport(report) : `${JSON.stringify(document, null, 2)}\n`,
    );
    if (flags.json === true) printJson(terminal, document);
    else terminal.out(`${tableOf(nets, "mnist")}\n${answers(document)}\nWritten to ${out.path}.\n`);
  });
}

/** @throws TrainingError when one of the runs is there */
async function checkFree(folder: string, overwrite: boolean): Promise<void> {
  if (overwrite) return;
  for (const { id } of variants) {
    if (!(await folderExists(`${folder}/${id}`))) continue;
    throw new TrainingError(`there is a run ${id} already`, {
      where: folder,
      hint: "Give another folder by --runs, or --overwrite to replace its runs.",
    });
  }
}

async function trainAndMove(
  variant: Variant,
  training: Training,
  { maxShift = 6, testLimit = usualTestLimit }: ExperimentFlags,
): Promise<TrainedVariant> {
  const { engine, signal, terminal, quiet, data } = training;
  const { model, ...trained } = await trainVariant(variant, training);
  const options = { maxShift, limit: testLimit, examples: 5, engine, signal, terminal, quiet };
  return { ...(await moveModel(variant.name, model, data.test, options)), ...trained, variant };
}

function documentOf({ nets, trainExamples, ...rest }: ExperimentReport): ExperimentDocument {
  return {
    data: "mnist",
    examples: trainExamples,
    ...rest,
    nets: nets.map(({ variant, parameters, seconds, run, epochs, accuracy, map }) => {
      return { ...variant, ...map, parameters, seconds, run, epochs, accuracy };
    }),
    findings: findingsOf(nets),
  };
}

function answers({ findings, seconds, engine, testExamples }: ExperimentDocument): string {
  const lines = findings.map(
    ({ title, sentences }) => `${title}.\n  ${sentences.filter(Boolean).join("\n  ")}\n`,
  );
  return `${lines.join("")}\nUnmoved accuracy is on ${formatCount(testExamples)} digits. ${seconds.toFixed(1)} s in all; ${engine}.`;
}
