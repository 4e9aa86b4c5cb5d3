import { findSimilar, loadBackbone, type SimilarResult } from "../../reuse/index.ts";
import { openBackbone } from "../backbone.ts";
import type { SimilarFlags } from "../commands/similar.ts";
import { listenForInterruption } from "../interruption.ts";
import { type ListedPhotos, listPhotos } from "../listed-photos.ts";
import { withEngine } from "../session.ts";
import { untilStopped } from "../stopped.ts";
import { problemsText } from "../terminal/finetune-report.ts";
import { formatCount } from "../terminal/numbers.ts";
import { PhotoProgress } from "../terminal/photo-progress.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** Finds photos that look alike. */
export async function similar(
  source: string,
  queries: readonly string[],
  flags: SimilarFlags,
  terminal: Terminal,
): Promise<void> {
  const listed = await listPhotos(source);
  await withEngine({ ...flags, kernels: "rule" }, async (engine) => {
    const { network } = await loadBackbone(await openBackbone(flags, await engine));
    const progress = new PhotoProgress(terminal);
    using interruption = listenForInterruption(() => progress.closeLine());
    const files = listed.photos.map(({ file }) => file);
    const { signal } = interruption;
    const result = await untilStopped("similar", { signal, keeps: flags.cache }, () =>
      findSimilar(network, files, queries, {
        cache: flags.cache,
        signal,
        ...(flags.top === undefined ? {} : { top: flags.top }),
        ...(flags.batchSize === undefined ? {} : { batchSize: flags.batchSize }),
        ...(flags.quiet === true ? {} : { onProgress: progress.show }),
      }),
    );
    progress.closeLine();
    const problems = problemsOf(result, listed);
    for (const line of problemsText(problems)) terminal.err(`${line}\n`);
    if (result.cacheProblem !== null) terminal.err(`Features were not kept: ${result.cacheProblem}\n`);
    if (flags.json === true) printJson(terminal, { photos: files.length, ...result, problems });
    else terminal.out(queries.length > 0 ? nearestText(result) : duplicatesText(result));
  });
}

function problemsOf({ problems }: SimilarResult, listed: ListedPhotos) {
  return [...listed.problems.map(({ path, problem }) => ({ path, problem })), ...problems];
}

function nearestText({ queries }: SimilarResult): string {
  const blocks = queries.map(({ query, nearest, problem }) => {
    if (problem !== null) return `${query}: ${problem}\n`;
    const lines = nearest.map(({ path, similarity }) => `  ${similarity.toFixed(4)}  ${path}\n`);
    return `${query}:\n${lines.join("")}`;
  });
  return blocks.join("");
}

function duplicatesText({ duplicates }: SimilarResult): string {
  if (duplicates.length === 0) return "No two photos are the same, or nearly so.\n";
  const lines = duplicates.map((group) => `  ${group.join(" = ")}\n`);
  const count = `${formatCount(duplicates.length)} ${duplicates.length === 1 ? "group" : "groups"}`;
  return `${count} of photos that are the same or nearly so:\n${lines.join("")}`;
}
