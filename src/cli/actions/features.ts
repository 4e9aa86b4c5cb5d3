import { writeFileAtomic } from "#host";
import { encodeNpy, encodeSafetensors } from "../../formats/index.ts";
import { npyHeader } from "../../formats/npy.ts";
import { zipPieces } from "../../formats/zip/writer.ts";
import type { Model } from "../../models/index.ts";
import { eachFeatures, extractFeatures, type FeatureOptions, loadBackbone } from "../../reuse/index.ts";
import { DataError, OptionError, Tensor } from "../../tensor/index.ts";
import { openBackbone } from "../backbone.ts";
import type { FeaturesFlags } from "../commands/features.ts";
import { csvRow } from "../csv-row.ts";
import { listenForInterruption } from "../interruption.ts";
import { type ListedPhoto, listPhotos } from "../listed-photos.ts";
import { withEngine } from "../session.ts";
import { untilStopped } from "../stopped.ts";
import { problemsText } from "../terminal/finetune-report.ts";
import { formatCount } from "../terminal/numbers.ts";
import { PhotoProgress } from "../terminal/photo-progress.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { unicodeArray } from "../unicode-array.ts";

/** What is to be written. */
interface Task {
  readonly network: Model;
  readonly photos: readonly ListedPhoto[];
  readonly classNames: readonly string[];
  readonly options: FeatureOptions;
  readonly out: string;
}

/** What was written. */
interface Written {
  readonly rows: number;
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
  readonly cacheProblem: string | null;
}

const endings = ["npz", "npy", "safetensors", "csv"] as const;

/** Writes the features of photos to a file. */
export async function writeFeatures(source: string, flags: FeaturesFlags, terminal: Terminal): Promise<void> {
  const ending = endings.find((known) => flags.out.toLowerCase().endsWith(`.${known}`));
  if (ending === undefined) {
    throw new OptionError(`it is not known how to write "${flags.out}"`, {
      where: "--out",
      hint: `Give a name that ends in ${endings.map((known) => `.${known}`).join(", ")}.`,
    });
  }
  const { photos, classNames, problems } = await listPhotos(source);
  await withEngine({ ...flags, kernels: "rule" }, async (engine) => {
    const { network, report } = await loadBackbone(await openBackbone(flags, await engine));
    const progress = new PhotoProgress(terminal);
    using interruption = listenForInterruption(() => progress.closeLine());
    const options: FeatureOptions = {
      cache: flags.cache,
      signal: interruption.signal,
      ...(flags.batchSize === undefined ? {} : { batchSize: flags.batchSize }),
      ...(flags.quiet === true ? {} : { onProgress: progress.show }),
    };
    const task = { network, photos, classNames, options, out: flags.out };
    const { signal } = interruption;
    const written = await untilStopped("features", { signal, keeps: flags.cache }, () =>
      ending === "csv" ? writeCsv(task) : writeArrays(task, ending),
    );
    progress.closeLine();
    const all = [...problems, ...written.problems];
    for (const line of problemsText(all)) terminal.err(`${line}\n`);
    if (written.cacheProblem !== null) terminal.err(`Features were not kept: ${written.cacheProblem}\n`);
    const { name, tap, features } = report;
    if (flags.json === true) {
      printJson(terminal, {
        out: flags.out,
        photos: written.rows,
        features,
        backbone: name,
        tap,
        problems: all,
      });
    } else {
      const count = `${formatCount(written.rows)} ${written.rows === 1 ? "photo" : "photos"}, ${formatCount(features)} features each`;
      terminal.out(`${flags.out}: ${count}, of ${name} at ${tap}\n`);
    }
  });
}

async function writeArrays(
  { network, photos, classNames, options, out }: Task,
  ending: Exclude<(typeof endings)[number], "csv">,
): Promise<Written> {
  const files = photos.map(({ file }) => file);
  const { values, photos: read, cacheProblem } = await extractFeatures(network, files, options);
  const kept = read.filter(({ row }) => row >= 0).map(({ index }) => photos[index]);
  checkSome(kept.length, out);
  const labels = new Tensor(
    "int32",
    [kept.length],
    Int32Array.from(kept, ({ label }) => label),
  );
  const paths = kept.map(({ path }) => path);
  const tensors = new Map<string, Tensor>([
    ["features", values],
    ["labels", labels],
  ]);
  switch (ending) {
    case "npy":
      await writeFileAtomic(out, encodeNpy(values));
      break;
    case "safetensors": {
      const metadata = { paths: JSON.stringify(paths), classes: JSON.stringify(classNames) };
      await writeFileAtomic(out, encodeSafetensors(tensors, metadata));
      break;
    }
    case "npz": {
      const arrays = [...tensors].map(([name, tensor]) => ({
        name: `${name}.npy`,
        parts: [npyHeader(tensor), bytesOf(tensor)],
      }));
      const texts = [
        { name: "paths.npy", parts: [unicodeArray(paths)] },
        { name: "classes.npy", parts: [unicodeArray(classNames)] },
      ];
      await writeFileAtomic(out, zipPieces([...arrays, ...texts], { compress: false }, out));
    }
  }
  const problems = read.flatMap(({ index, problem }) =>
    problem === null ? [] : [{ path: photos[index].path, problem }],
  );
  return { rows: kept.length, problems, cacheProblem };
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** A line a photo, written as it comes: as many photos as a disk holds. */
async function writeCsv({ network, photos, classNames, options, out }: Task): Promise<Written> {
  const problems: { path: string; problem: string }[] = [];
  const text = new TextEncoder();
  let rows = 0;
  let cacheProblem: string | null = null;
  const onEnd = (problem: string | null) => {
    cacheProblem = problem;
  };
  async function* lines(): AsyncGenerator<Uint8Array> {
    const files = photos.map(({ file }) => file);
    for await (const { index, features, problem } of eachFeatures(network, files, options, onEnd)) {
      const { path, label } = photos[index];
      if (features === null) {
        problems.push({ path, problem: problem ?? "" });
        continue;
      }
      const names = Array.from(features, (_, feature) => `f${feature}`);
      if (rows++ === 0) yield text.encode(csvRow(["path", "label", ...names]));
      yield text.encode(csvRow([path, classNames[label] ?? "", ...features]));
    }
    checkSome(rows, out);
  }
  await writeFileAtomic(out, lines());
  return { rows, problems, cacheProblem };
}

function checkSome(rows: number, out: string): void {
  if (rows > 0) return;
  throw new DataError("none of the photos can be read", {
    where: out,
    hint: "Nothing was written. Check that they open in an image viewer.",
  });
}
