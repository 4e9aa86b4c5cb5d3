import { appendBytes, listFolder } from "#host";
import { encodeEvent, type RunEvent } from "./event-record.ts";

/** `events.out.tfevents.NUMBER.fovea`: TensorBoard knows such files by the first part, and reads them in order of names. */
const namePattern = /^events\.out\.tfevents\.(\d+)\./;

/** Whether a file in a run's folder is one of TensorBoard's. */
export function isEventFile(name: string): boolean {
  return namePattern.test(name);
}

/**
 * A file of TensorBoard's in a run's folder, one for each start of the run. Events wait until they are flushed: then they are
 * appended with one write.
 */
export class EventFile {
  readonly path: string;
  readonly #waiting: Uint8Array[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Begins a file behind those that are there.
   *
   * @param step - steps of the run that are done. What earlier files have of later ones, written by a process that was
   *   killed before it could save, counts no more
   * @throws FileError when it cannot be written
   */
  static async begin(folder: string, step: number): Promise<EventFile> {
    const numbers = (await listFolder(folder)).map((name) => Number(namePattern.exec(name)?.[1] ?? 0));
    // Usually the time in seconds; but in any case behind the last.
    const number = Math.max(Math.floor(Date.now() / 1000), ...numbers.map((taken) => taken + 1));
    const file = new EventFile(`${folder}/events.out.tfevents.${String(number).padStart(10, "0")}.fovea`);
    file.#add({ kind: "version", time: Date.now() / 1000 });
    file.#add({ kind: "start", time: Date.now() / 1000, step: step + 1 });
    await file.flush();
    return file;
  }

  /**
   * Adds values; they are written with the next flush.
   *
   * @param step - steps of the run that are done
   * @param values - by tag; what is no number of the run's (null, undefined) is left out
   */
  scalars(step: number, values: Readonly<Record<string, number | null | undefined>>): void {
    const numbers = Object.entries(values).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number",
    );
    if (numbers.length === 0) return;
    this.#add({ kind: "scalars", time: Date.now() / 1000, step, values: Object.fromEntries(numbers) });
  }

  /** Writes what waits. @throws FileError when it cannot be written */
  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const records = this.#waiting.splice(0);
    const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
    let position = 0;
    for (const record of records) {
      bytes.set(record, position);
      position += record.length;
    }
    await appendBytes(this.path, bytes);
  }

  #add(event: RunEvent): void {
    this.#waiting.push(encodeEvent(event));
  }
}
