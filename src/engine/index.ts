import type { Engine } from "./engine.ts";
import { createWasmEngine } from "./wasm/index.ts";

export type * from "./engine.ts";
export { createReferenceEngine } from "./reference/index.ts";
export {
  type BuildDiagnosis,
  type Diagnosis,
  diagnose,
  type HostMachine,
  type MachineSpeed,
  type WasmFeature,
} from "./wasm/diagnosis.ts";
export { createWasmEngine, type WasmEngine, type WasmEngineOptions } from "./wasm/index.ts";

let shared: Promise<Engine> | null = null;

/**
 * The engine that models use when none is given: the wasm engine, made once a process. One that could not be made is
 * tried again at the next call.
 *
 * @throws EngineError when WebAssembly with SIMD is not at hand
 */
export function defaultEngine(): Promise<Engine> {
  shared ??= createWasmEngine().catch((error: unknown) => {
    shared = null;
    throw error;
  });
  return shared;
}
