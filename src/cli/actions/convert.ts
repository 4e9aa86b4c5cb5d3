import { resolve } from "node:path";
import { type Convention, type FormatName, formatTitles } from "../../formats/index.ts";
import { isComplete, type WeightReport } from "../../interop/index.ts";
import { describeMisfit } from "../../interop/weights/report.ts";
import { OptionError, sizeOf, type Tensor } from "../../tensor/index.ts";
import type { ConvertFlags } from "../commands/convert.ts";
import { modelOfSource, openSource, type Source } from "../conversion-source.ts";
import { outputFile, sizeOfFiles, type Target, targetOf } from "../conversion-target.ts";
import { formatBytes, formatCount } from "../terminal/numbers.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** What `fovea convert --json` prints. */
export interface ConvertDocument {
  readonly input: string;
  readonly output: string;
  /** The input's format. */
  readonly format: FormatName;
  /** Whose names and layouts the tensors have, in the input and in the output; "none" where nothing says so. */
  readonly from: Convention;
  readonly to: Convention;
  /** The network's name, where one was needed. */
  readonly model: string | null;
  /** Of the input. */
  readonly tensors: number;
  readonly numbers: number;
  /** Of the output, weights beside it included. */
  readonly bytes: number;
  /** What of the input found its place in the network; null where that was not asked, or the network came with it. */
  readonly report: WeightReport | null;
}

/** What has been written, and how it came about. */
interface Conversion {
  readonly files: readonly string[];
  readonly to: Convention;
  readonly model: string | null;
  readonly report: WeightReport | null;
  readonly notes: readonly string[];
}

/** Converts a file of weights. */
export async function convert(
  input: string,
  name: string,
  flags: ConvertFlags,
  terminal: Terminal,
): Promise<void> {
  const output = outputFile(name);
  checkFlags(input, output, flags);
  const target = targetOf(output);
  if (target.convention !== null && flags.to !== undefined && flags.to !== target.convention) {
    throw new OptionError(`${target.extension} files have names and layouts of ${target.convention}`, {
      where: "--to",
      hint: "Leave it out.",
    });
  }
  const source = await openSource(input, flags, terminal);
  const { files, to, model, report, notes } = await convertSource(source, target, output, flags);
  for (const note of notes) terminal.err(`${note}\n`);
  const { format, tensors } = source.tensors;
  const document: ConvertDocument = {
    input,
    output,
    format,
    from: report?.convention ?? conventionOf(source, flags),
    to,
    model,
    tensors: tensors.size,
    numbers: countOf(tensors),
    bytes: await sizeOfFiles(files),
    report,
  };
  if (flags.json === true) printJson(terminal, document);
  else terminal.out(describe(document));
}

function checkFlags(input: string, output: string, { model, classes, strict }: ConvertFlags): void {
  if (resolve(input) === resolve(output)) {
    throw new OptionError("input and output are the same file", {
      where: output,
      hint: "Give another name.",
    });
  }
  const clash = classes !== undefined ? "--classes" : strict ? null : "--no-strict";
  if (model === undefined && clash !== null) {
    throw new OptionError("it says how weights are fitted to a network, and none is named", {
      where: clash,
      hint: "Add --model NAME, or leave it out.",
    });
  }
}

async function convertSource(
  source: Source,
  target: Target,
  output: string,
  flags: ConvertFlags,
): Promise<Conversion> {
  const from = conventionOf(source, flags);
  const staysAsItIs = flags.model === undefined && (flags.to === undefined || flags.to === from);
  if (staysAsItIs && target.writeTensors !== null) {
    const files = await target.writeTensors(output, { ...source.tensors, convention: from });
    return { files, to: from, model: null, report: null, notes: [] };
  }
  const to = target.convention ?? flags.to ?? "fovea";
  const purpose =
    target.writeTensors === null ? `a ${target.extension} file` : `giving them names and layouts of ${to}`;
  const { model, report, notes } = await modelOfSource(source, flags, purpose);
  const files = await target.writeModel(output, model, to);
  return { files, to, model: flags.model ?? model.name, report, notes: target.holdsModel(to) ? notes : [] };
}

function conventionOf({ tensors }: Source, { from }: ConvertFlags): Convention {
  return from ?? tensors.convention;
}

function countOf(tensors: ReadonlyMap<string, Tensor>): number {
  return [...tensors.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function describe(document: ConvertDocument): string {
  const { input, output, format, from, to, tensors, numbers, bytes, report, model } = document;
  const lines = [
    `${input}: ${formatTitles[format]}, ${formatCount(tensors)} tensors of ${formatCount(numbers)} numbers${namesOf(from)}`,
    `${output}: ${formatBytes(bytes)}${namesOf(to)}`,
  ];
  if (report !== null) {
    const { applied, ignored } = report;
    const passed =
      ignored.length === 0 ? "" : `, ${formatCount(ignored.length)} that are no weights passed over`;
    lines.splice(1, 0, `${model}: ${formatCount(applied.length)} weights applied${passed}`);
    if (!isComplete(report)) lines.splice(2, 0, `${model}: ${describeMisfit(report)}`);
  }
  return `${lines.join("\n")}\n`;
}

function namesOf(convention: Convention): string {
  return convention === "none" ? "" : `, names and layouts of ${convention}`;
}
