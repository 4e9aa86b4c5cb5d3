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

/** Runs a task after all that were given before. */
type Enqueue = <Result>(task: () => Promise<Result>) => Promise<Result>;

function roundingSession(session: Session): Session {
  let queue: Promise<unknown> = Promise.resolve();
  // One queue for all programs: a step and the rounding after it must not be torn apart by another call.
  const enqueue: Enqueue = (task) => {
    const result = queue.then(task);
    queue = result.catch(() => {});
    return result;
  };
  return {
    compile: async (graph, options) => {
      const program = await session.compile(graph, options);
      const updated = graph.updates.flatMap(({ variable, slots }) => [variable, ...slots]);
      const names = [...new Set(updated.map(({ attributes }) => attributes.name))];
      return roundingProgram(program, session, names, enqueue);
    },
    forecast: (graph, options) => session.forecast(graph, options),
    allocate: (name, type) => session.allocate(name, type),
    variables: () => session.variables(),
    read: (name) => enqueue(() => session.read(name)),
    write: (name, value) => enqueue(() => session.write(name, value)),
    readAll: (names) => enqueue(() => session.readAll(names)),
    lease: async () => roundingSession(await session.lease()),
    close: () => enqueue(() => session.close()),
  };
}

function roundingProgram(
  program: Program,
  session: Session,
  updated: readonly string[],
  enqueue: Enqueue,
): Program {
  return {
    plan: program.plan,
    maximumSteps: program.maximumSteps,
    run: (feeds) =>
      enqueue(async () => {
        const fetches = [];
        for (const step of feeds) {
          fetches.push(...(await program.run([step])));
          for (const [name, value] of await session.readAll(updated)) await session.write(name, value);
        }
        return fetches;
      }),
    profile: (feeds) => program.profile(feeds),
  };
}
