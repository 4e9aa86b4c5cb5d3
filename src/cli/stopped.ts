import { TrainingError } from "../tensor/errors.ts";

/**
 * Work that Ctrl-C ends: what it is ended with becomes an error that says so.
 *
 * @param keeps - whether features that have been worked out are on disk
 * @throws TrainingError when the signal was aborted
 */
export async function untilStopped<Result>(
  where: string,
  { signal, keeps }: { readonly signal: AbortSignal; readonly keeps: boolean },
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new TrainingError("it was stopped before it was done", {
      where,
      hint: keeps
        ? "What the backbone made of photos is kept: the same command goes on from there."
        : "Start it again to have the result.",
      cause: error,
    });
  }
}
