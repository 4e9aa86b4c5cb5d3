import type { FinetuneResult } from "../../reuse/index.ts";
import type { EpochRecord } from "../../train/index.ts";
import type { RunFolder } from "../../train/run-folder.ts";

/**
 * Keeps in a run's folder what is to be known of a classifier made of photos: `metrics.jsonl` with a line for the beginning, each
 * epoch, the end and the judgement, and the epochs for TensorBoard. Its parts are trained one behind the other, the last layer
 * ("head") and what was unfrozen ("unfreeze"): each counts its own epochs.
 *
 * @param began - when the command did
 */
export async function recordFinetune(run: RunFolder, result: FinetuneResult, began: Date): Promise<void> {
  const { head, unfrozen, counts, test, versions, timings } = result;
  const phases = { head: head.epochs, unfreeze: unfrozen?.epochs ?? [] };
  const examples = counts.reduce((sum, { train }) => sum + train, 0);
  await run.keepRecordsBefore(-1);
  await run.record({ type: "trainBegin", epoch: -1, examples, time: began.toISOString(), versions });
  for (const [phase, epochs] of Object.entries(phases)) {
    for (const record of epochs) await run.record({ type: "epochEnd", phase, ...figuresOf(record) });
  }
  const time = new Date().toISOString();
  // Most of it goes by before the first epoch.
  const milliseconds = Math.round(timings.reduce((sum, timing) => sum + timing.milliseconds, 0));
  await run.record({ type: "trainEnd", reason: "completed", epoch: head.epochs.length, time, milliseconds });
  if (test !== null) {
    const { accuracy, loss, examples: judged } = test;
    await run.record({ type: "test", epoch: head.bestEpoch, accuracy, loss, examples: judged });
  }
  await showEpochs(run, phases);
}

function figuresOf({ epoch, loss, metrics, validation, learningRate, milliseconds }: EpochRecord) {
  return { epoch, loss, ...metrics, validation, learningRate, milliseconds: Math.round(milliseconds) };
}

async function showEpochs(
  run: RunFolder,
  phases: Readonly<Record<string, readonly EpochRecord[]>>,
): Promise<void> {
  const events = await run.beginEvents(0);
  for (const [phase, epochs] of Object.entries(phases)) {
    for (const { epoch, loss, metrics, validation, learningRate } of epochs) {
      const values = Object.entries({ loss, ...metrics }).flatMap(([name, value]) => [
        [`${name}/${phase}/train`, value] as const,
        [`${name}/${phase}/validation`, validation?.[name]] as const,
      ]);
      events.scalars(epoch + 1, { ...Object.fromEntries(values), [`learning_rate/${phase}`]: learningRate });
    }
  }
  await events.flush();
}
