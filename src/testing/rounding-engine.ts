import type { Engine, Program, Session } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";

/**
 * The reference engine with its state rounded to float32 after each step, as an engine that computes in float32 has it.
 * A checkpoint holds float32 values: only with such state can a resumed run be the same bit for bit.
 */
export function createRoundingEngine(): Engine {
  const engine = createReferenceEngine();
  return { ...engine, openSession: async () => roundingSession(await engine.openSession()) };
}

function roundingSession(session: Session): Session {
  return {
    compile: async (graph, options) => {
      const program = await session.compile(graph, options);
      const updated = graph.updates.flatMap(({ variable, slots }) => [variable, ...slots]);
      return roundingProgram(program, session, [
        ...new Set(updated.map(({ attributes }) => attributes.name)),
      ]);
    },
    allocate: (name, type) => session.allocate(name, type),
    variables: () => session.variables(),
    read: (name) => session.read(name),
    write: (name, value) => session.write(name, value),
    readAll: (names) => session.readAll(names),
    close: () => session.close(),
  };
}

/** One queue for all calls: a step and the rounding after it must not be torn apart by the next call. */
function roundingProgram(program: Program, session: Session, updated: readonly string[]): Program {
  let queue: Promise<unknown> = Promise.resolve();
  return {
    plan: program.plan,
    maximumSteps: program.maximumSteps,
    run: (feeds) => {
      const result = queue.then(async () => {
        const fetches = [];
        for (const step of feeds) {
          fetches.push(...(await program.run([step])));
          for (const [name, value] of await session.readAll(updated)) await session.write(name, value);
        }
        return fetches;
      });
      queue = result.catch(() => {});
      return result;
    },
    profile: (feeds) => program.profile(feeds),
  };
}
