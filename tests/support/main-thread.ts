import type { Page } from "playwright-core";

/** A task of the page's main thread. */
export interface MainThreadTask {
  /** Milliseconds from its beginning to its end, as the page's "longtask" observer measures them. */
  readonly elapsed: number;
  /** Milliseconds that the processor was about it: less where other processes had it meanwhile. */
  readonly computed: number;
}

/** The part of a trace event that is read here. Times are microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Tasks of a page's main thread that take longer than 50 ms, from now until the function is called that comes back. */
export async function watchMainThread(page: Page): Promise<() => Promise<readonly MainThreadTask[]>> {
  const browser = page.context().browser();
  if (browser === null) throw new Error("the page has no browser");
  // One process for each site, and it tells its threads' names.
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "__metadata"] });
  return async () => {
    const { traceEvents }: { readonly traceEvents: readonly TraceEvent[] } = JSON.parse(
      (await browser.stopTracing()).toString(),
    );
    const main = new Set(
      traceEvents
        .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
        .map(({ pid, tid }) => `${pid}/${tid}`),
    );
    if (main.size === 0) throw new Error("the trace names no main thread");
    return traceEvents
      .filter(({ name, ph, pid, tid }) => name.endsWith("RunTask") && ph === "X" && main.has(`${pid}/${tid}`))
      .map(({ dur = 0, tdur = dur }) => ({ elapsed: dur / 1000, computed: tdur / 1000 }))
      .filter(({ elapsed }) => elapsed > 50);
  };
}
