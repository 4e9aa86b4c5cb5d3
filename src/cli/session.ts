import type { Precision } from "../engine/engine.ts";
import type { WasmEngine } from "../engine/wasm/index.ts";

/** How a command computes. */
export interface EngineFlags {
  readonly threads?: number | undefined;
  readonly precision?: Precision | undefined;
  /** As for `createWasmEngine`. */
  readonly kernels?: "speed" | "rule";
}

/**
 * Makes an engine, uses it, and ends its threads whatever happens: they would keep the process alive.
 *
 * @param use - is given the promise of the engine, so that it can load what else it needs while threads start
 */
export async function withEngine<Result>(
  { threads, precision, kernels }: EngineFlags,
  use: (engine: Promise<WasmEngine>) => Promise<Result>,
): Promise<Result> {
  const { createWasmEngine } = await import("../engine/wasm/index.ts");
  const engine = createWasmEngine({
    ...(threads === undefined ? {} : { threads }),
    ...(precision === undefined ? {} : { precision }),
    ...(kernels === undefined ? {} : { kernels }),
  });
  // Whoever uses it learns of a failure; until then it is not unhandled.
  const closed = engine.then(
    (made) => () => made.close(),
    () => async () => {},
  );
  try {
    return await use(engine);
  } finally {
    await (await closed)();
  }
}
