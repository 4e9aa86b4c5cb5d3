import { describe, expect, test } from "vitest";
import type { Session } from "../../engine/engine.ts";
import { createBuild, createUpdate } from "../../ops/index.ts";
import { EngineError, OptionError, ShapeError, Tensor } from "../../tensor/index.ts";
import { type EngineOf, withSession } from "./options.ts";

type ErrorClass = typeof EngineError | typeof OptionError | typeof ShapeError;

interface Mistake {
  readonly name: string;
  readonly attempt: (session: Session) => Promise<unknown>;
  readonly type: ErrorClass;
  readonly message: string;
}

const build = createBuild("contract");
const x = build("input", [], { name: "x", shape: [2, 3], dtype: "float32" });
const w = build("variable", [], { name: "w", shape: [2, 3], dtype: "float32" });
const sum = build("add", [x, w], {});
const graph = {
  outputs: { sum },
  updates: [createUpdate("movingAverage", { momentum: 0 }, { variable: w, value: sum })],
};
const good = { x: Tensor.from([1, 2, 3, 4, 5, 6], [2, 3]) };
const flat = Tensor.from([1, 2, 3, 4, 5, 6]);
const closedMessage = "the session is closed. Open another one.";

const mistakes: readonly Mistake[] = [
  {
    name: "a missing input",
    attempt: async (session) => (await session.compile(graph)).run([{}]),
    type: OptionError,
    message: 'run: the input "x" is missing. Feed float32[2, 3].',
  },
  {
    name: "an input that is not one",
    attempt: async (session) => (await session.compile(graph)).run([{ ...good, X: flat }]),
    type: OptionError,
    message: 'run: "X" is not an input of this program. Did you mean "x"? Known: x.',
  },
  {
    name: "an input where there are none",
    attempt: async (session) => (await session.compile({ outputs: { w }, updates: [] })).run([good]),
    type: OptionError,
    message: 'run: "x" is not an input of this program. This program has no inputs.',
  },
  {
    name: "an input of the wrong shape",
    attempt: async (session) => (await session.compile(graph)).run([{ x: flat }]),
    type: ShapeError,
    message: 'run: the input "x" must be float32[2, 3], got float32[6].',
  },
  {
    name: "an input of the wrong dtype, in the second step",
    attempt: async (session) =>
      (await session.compile(graph, { maximumSteps: 2 })).run([good, { x: good.x.as("int32") }]),
    type: ShapeError,
    message: 'run: the input "x" must be float32[2, 3], got int32[2, 3].',
  },
  {
    name: "more steps than the program takes",
    attempt: async (session) => (await session.compile(graph, { maximumSteps: 2 })).run([good, good, good]),
    type: EngineError,
    message:
      "run: 3 steps were given to a program that takes at most 2. Compile it with a greater maximumSteps.",
  },
  {
    name: "a profile without its input",
    attempt: async (session) => (await session.compile(graph)).profile({}),
    type: OptionError,
    message: 'run: the input "x" is missing. Feed float32[2, 3].',
  },
  {
    name: "reading a variable that is not there",
    attempt: async (session) => {
      await session.compile(graph);
      return session.read("v");
    },
    type: OptionError,
    message: 'read: there is no variable "v". Did you mean "w"? Known: w.',
  },
  {
    name: "reading from an empty session",
    attempt: (session) => session.readAll(["v"]),
    type: OptionError,
    message: 'readAll: there is no variable "v". There are none yet.',
  },
  {
    name: "writing another shape",
    attempt: async (session) => {
      await session.compile(graph);
      return session.write("w", flat);
    },
    type: ShapeError,
    message: 'write: the variable "w" must be float32[2, 3], got float32[6].',
  },
  {
    name: "one variable name for two types in two programs",
    attempt: async (session) => {
      await session.compile(graph);
      const other = build("variable", [], { name: "w", shape: [4], dtype: "float32" });
      return session.compile({ outputs: { other }, updates: [] });
    },
    type: ShapeError,
    message: 'compile: the variable "w" of this session must be float32[2, 3], got float32[4].',
  },
  {
    name: "allocating a variable again as another type",
    attempt: async (session) => {
      await session.allocate("w", { shape: [2], dtype: "float32" });
      return session.allocate("w", { shape: [2], dtype: "int32" });
    },
    type: ShapeError,
    message: 'allocate: the variable "w" of this session must be float32[2], got int32[2].',
  },
  {
    name: "one variable name for two types in one graph",
    attempt: (session) => {
      const other = build("variable", [], { name: "w", shape: [4], dtype: "float32" });
      return session.compile({ outputs: { w, other }, updates: [] });
    },
    type: ShapeError,
    message: 'compile: the variable "w" is both float32[2, 3] and float32[4].',
  },
  {
    name: "one input name for two types in one graph",
    attempt: (session) => {
      const other = build("input", [], { name: "x", shape: [2, 3], dtype: "int32" });
      return session.compile({ outputs: { x, other }, updates: [] });
    },
    type: ShapeError,
    message: 'compile: the input "x" is both float32[2, 3] and int32[2, 3].',
  },
  {
    name: "two updates of one variable",
    attempt: (session) => session.compile({ outputs: {}, updates: [...graph.updates, ...graph.updates] }),
    type: OptionError,
    message: 'compile: two updates change the variable "w".',
  },
  {
    name: "a closed session",
    attempt: async (session) => {
      await session.close();
      return session.compile(graph);
    },
    type: EngineError,
    message: closedMessage,
  },
  {
    name: "a run of a closed session's program",
    attempt: async (session) => {
      const program = await session.compile(graph);
      await session.close();
      return program.run([good]);
    },
    type: EngineError,
    message: closedMessage,
  },
  {
    name: "a profile of a closed session's program",
    attempt: async (session) => {
      const program = await session.compile(graph);
      await session.close();
      return program.profile(good);
    },
    type: EngineError,
    message: closedMessage,
  },
  {
    name: "reading from a session that is being closed",
    attempt: async (session) => {
      await session.compile(graph);
      return Promise.all([session.close(), session.read("w")]);
    },
    type: EngineError,
    message: closedMessage,
  },
  {
    name: "writing to a session that is being closed",
    attempt: async (session) => {
      await session.compile(graph);
      return Promise.all([session.close(), session.write("w", good.x)]);
    },
    type: EngineError,
    message: closedMessage,
  },
];

/** Mistakes of a caller: each is an error that says what is wrong, and leaves the session as it was. */
export function errorContract(engineOf: EngineOf): void {
  describe("mistakes", () => {
    test.each(mistakes)("$name", async ({ attempt, type, message }) => {
      const failure = await withSession(engineOf(), attempt).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(type);
      expect(failure).toHaveProperty("message", message);
    });

    test("a run that fails leaves the state as it was, and the next one runs", () =>
      withSession(engineOf(), async (session) => {
        const program = await session.compile(graph, { maximumSteps: 2 });
        await program.run([good]);
        await expect(program.run([good, { x: flat }])).rejects.toThrow(ShapeError);
        expect((await session.read("w")).data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
        const [{ sum: doubled }] = await program.run([good]);
        expect(doubled.data).toEqual(Float32Array.of(2, 4, 6, 8, 10, 12));
      }));
  });
}
