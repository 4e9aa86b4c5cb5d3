import { rm } from "node:fs/promises";
import { absolutePath, writeFileAtomic } from "#host";
import type { Engine } from "../engine/engine.ts";
import { type FinetuneEvent, type FinetuneResult, htmlReport } from "../reuse/index.ts";
import type { RunFolder } from "../train/run-folder.ts";
import { csvRow } from "./csv-row.ts";
import { runPhotosFile } from "./names.ts";
import type { FinetuneRecorder } from "./records/finetune-records.ts";

/** The page that shows all of it, in the run's folder. */
export const reportFile = "report.html";

/** The run's folder, from the moment in which it is known that there is something to put into it. */
export class HeldRun {
  readonly path: string;
  #held: { readonly run: RunFolder; readonly recorder: FinetuneRecorder } | null = null;
  /** Whether it has a model already that a stop leaves there. */
  hasCheckpoint = false;

  constructor(path: string) {
    this.path = path;
  }

  take(run: RunFolder, recorder: FinetuneRecorder): void {
    this.#held = { run, recorder };
  }

  readonly tell = (event: FinetuneEvent): void => this.#held?.recorder.tell(event);

  readonly saveCheckpoint = async (model: Uint8Array): Promise<void> => {
    await this.#held?.run.writeCheckpoint(model);
    this.hasCheckpoint = this.#held !== null;
  };

  async stopped(): Promise<void> {
    await this.#held?.recorder.stopped();
  }

  /** Writes all that the run's folder holds. */
  async keep(
    result: FinetuneResult,
    { report, engine }: { readonly report: boolean; readonly engine: Engine },
  ): Promise<void> {
    if (this.#held === null) return;
    const { run, recorder } = this.#held;
    const text = new TextEncoder();
    await writeFileAtomic(`${run.path}/${runPhotosFile}`, text.encode(photosCsv(result)));
    await result.model.save(run.file("model"));
    // It has all that the checkpoint had.
    await rm(run.file("checkpoint"), { force: true });
    await recorder.finish(result);
    if (!report) return;
    const page = await htmlReport(result, { engine });
    await writeFileAtomic(`${run.path}/${reportFile}`, text.encode(page));
  }

  async release(): Promise<void> {
    await this.#held?.run.release();
  }
}

/** Which photo was in which part, for `fovea evaluate` and for people. */
function photosCsv({ dealt, classNames }: FinetuneResult): string {
  const rows = dealt.map(({ file, label, part }) => [absolutePath(file), classNames[label], part]);
  return [["path", "label", "part"], ...rows].map(csvRow).join("");
}
