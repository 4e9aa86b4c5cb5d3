/** Lets the event loop turn once: timers, signals and messages get their turn. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
