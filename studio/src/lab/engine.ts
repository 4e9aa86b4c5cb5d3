import { createWasmEngine, type Precision, type WasmEngine } from "fovea";

/** How the engine runs here. */
export interface EngineInfo {
  readonly threads: number;
  readonly sharesMemory: boolean;
  /** The build of the kernels that this machine runs fastest. */
  readonly kernels: string;
}

const started = new Map<Precision, Promise<WasmEngine>>();

/** The engine that panels share; one a precision, started when it is first needed. */
export function engineOf(precision: Precision = "fast"): Promise<WasmEngine> {
  const running = started.get(precision) ?? createWasmEngine({ precision });
  started.set(precision, running);
  // One that could not start is tried again at the next call.
  running.catch(() => started.delete(precision));
  return running;
}

/** The lab's side of what the bar shows. */
export const engine = {
  async info(): Promise<EngineInfo> {
    const { threads, kernels } = await engineOf();
    return { threads, sharesMemory: globalThis.crossOriginIsolated === true, kernels: kernels.variant };
  },
};
