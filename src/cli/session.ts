import type { Engine, Precision } from "../engine/engine.ts";

/** How a command computes. */
export interface EngineFlags {
  readonly threads?: number | undefined;
  readonly precision?: Precision | undefined;
}

/** Makes an engine, uses it, and ends its threads whatever happens: they would keep the process alive. */
export async function withEngine<Result>(
  { threads, precision }: EngineFlags,
  use: (engine: Engine) => Promise<Result>,
): Promise<Result> {
  const { createWasmEngine } = await import("../engine/wasm/index.ts");
  const engine = await createWasmEngine({
    ...(threads === undefined ? {} : { threads }),
    ...(precision === undefined ? {} : { precision }),
  });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}
