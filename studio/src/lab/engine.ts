import { createWasmEngine, type Precision, type WasmEngine } from "fovea";

/** How the engine runs here. */
export interface EngineInfo {
  readonly threads: number;
  readonly sharesMemory: boolean;
  /** The build of the kernels that this machine runs fastest. */
  readonly kernels: string;
}

const started = new Map<string, Promise<WasmEngine>>();

/**
 * The engine that panels share; one a precision and number of threads, started when it is first needed.
 *
 * @param threads - 0: as many as the machine has
 */
export function engineOf(precision: Precision = "fast", threads = 0): Promise<WasmEngine> {
  const key = `${precision}/${threads}`;
  const running = started.get(key) ?? createWasmEngine({ precision, ...(threads > 0 && { threads }) });
  started.set(key, running);
  // One that could not start is tried again at the next call.
  running.catch(() => started.delete(key));
  return running;
}

/** The lab's side of what the bar shows. */
export const engine = {
  async info(): Promise<EngineInfo> {
    const { threads, kernels } = await engineOf();
    return { threads, sharesMemory: globalThis.crossOriginIsolated === true, kernels: kernels.variant };
  },
};
