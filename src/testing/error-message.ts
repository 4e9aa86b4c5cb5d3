/**
 * The name and message of what a function throws, or it or a promise rejects with.
 *
 * @throws Error, so that the test fails, when nothing goes wrong, or what is thrown is no Error
 */
export async function messageOf(act: Promise<unknown> | (() => unknown)): Promise<string> {
  let thrown: unknown;
  try {
    await (typeof act === "function" ? act() : act);
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
    thrown = error;
  }
  throw new Error(`expected a failure with an Error, got ${String(thrown)}`);
}
