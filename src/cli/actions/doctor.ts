import { type Diagnosis, diagnose } from "../../engine/wasm/diagnosis.ts";
import type { DoctorFlags } from "../commands/doctor.ts";
import { renderDiagnosis } from "../terminal/diagnosis-report.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** What `fovea doctor --json` prints. */
export type DoctorDocument = Diagnosis;

/** Looks at the machine, and prints what was found. */
export async function doctor({ threads, json = false }: DoctorFlags, terminal: Terminal): Promise<void> {
  const diagnosis: DoctorDocument = await diagnose(threads === undefined ? {} : { threads });
  if (json) printJson(terminal, diagnosis);
  else terminal.out(renderDiagnosis(diagnosis, terminal.outColors));
}
