import type { Page } from "playwright-core";

/** Begins to note tasks of the page's own thread that take longer than 50 ms, which is what browsers tell of. */
export async function watchLongTasks(page: Page): Promise<() => Promise<readonly number[]>> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(Math.round(duration));
    });
    observer.observe({ type: "longtask" });
    Object.assign(globalThis, { longTasks: tasks });
  });
  return () =>
    page.evaluate(() => {
      const tasks: unknown = Reflect.get(globalThis, "longTasks");
      return Array.isArray(tasks) ? tasks.filter((task): task is number => typeof task === "number") : [];
    });
}
