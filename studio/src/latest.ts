/**
 * Runs a task for the newest arguments: while one runs, later calls wait, and of those only the last is run. What a hand draws or
 * drags is followed without a queue that grows.
 *
 * @param run - the task; what it throws goes to `fail`
 */
export function latest<Arguments extends readonly unknown[]>(
  run: (...given: Arguments) => Promise<void>,
  fail: (error: unknown) => void,
): (...given: Arguments) => void {
  let waiting: Arguments | null = null;
  let running = false;
  const next = async () => {
    running = true;
    while (waiting !== null) {
      const given: Arguments = waiting;
      waiting = null;
      try {
        await run(...given);
      } catch (error) {
        fail(error);
      }
    }
    running = false;
  };
  return (...given) => {
    waiting = given;
    if (!running) void next();
  };
}
