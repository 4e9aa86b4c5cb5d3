import type { Engine, Session } from "../../engine/engine.ts";
import type { OpKind } from "../../graph/index.ts";

/** How strictly and how long an engine is tested. */
export interface ContractOptions {
  /** Allowed error relative to what is summed or to the greatest element (`src/testing/bounds.ts`). */
  readonly tolerance: number;
  /** Draws for each kind of op and update. */
  readonly drawCount: number;
  /** Seed of the draws; fixed unless given. */
  readonly seed?: number;
  /** Kinds that an engine does not have, each with the reason. */
  readonly skip?: { readonly [K in OpKind]?: string };
}

/** Gives the engine that the suite made before its first test. */
export type EngineOf = () => Engine;

/** Runs a test in a session of its own, which is closed even when the test fails. */
export async function withSession<Result>(
  engine: Engine,
  test: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await engine.openSession();
  try {
    return await test(session);
  } finally {
    await session.close();
  }
}
