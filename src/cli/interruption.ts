import { exitCodes } from "./failure.ts";

/** Ctrl-C and its kin, turned into an orderly end. */
export interface Interruption extends Disposable {
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Listens for SIGINT and SIGTERM until disposed of. The first one aborts `signal`; the second ends the process at once.
 *
 * @param onFirst - called at the first one, to say what happens now
 */
export function listenForInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) process.exit(exitCodes.failed);
    onFirst();
    controller.abort();
  };
  for (const name of signals) process.on(name, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, listener);
    },
  };
}

/** Resolves at the first signal. */
export async function untilInterrupted({ signal }: Interruption): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
