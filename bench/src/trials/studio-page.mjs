/** What the trial of Studio does within the page. Each function is sent there by itself: it knows nothing else of this file. */

/** Keeps the tasks of the page's main thread that take longer than 50 ms, as the browser tells them. */
export function watchLongTasks() {
  /** @type {{ begin: number, milliseconds: number }[]} */
  const longTasks = [];
  Object.assign(globalThis, { longTasks });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      longTasks.push({ begin: startTime, milliseconds: duration });
  }).observe({ type: "longtask", buffered: true });
}

/**
 * Presses Train and follows what the page shows. The clock is the page's own, so that no message to another process is in it.
 *
 * @returns {Promise<{ seconds: number, epochs: number, imagesPerSecond: number, longestTask: number }>}
 * @throws Error when the run ends below 98 %
 */
export function pressTrain() {
  const bar = document.querySelector(".run-bar");
  const button = bar?.querySelector("button.run-begin");
  if (!(bar instanceof HTMLElement) || !(button instanceof HTMLElement) || button.textContent !== "Train")
    throw new Error("the page has no button Train");
  /** A figure of the bar: 0 where it shows none yet. @param {string} name */
  const shown = (name) => {
    const label = [...bar.querySelectorAll(".stats dt")].find(({ textContent }) => textContent === name);
    return Number.parseFloat((label?.nextElementSibling?.textContent ?? "").replaceAll(",", "")) || 0;
  };
  /** @type {number[]} */
  const accuracies = [];
  /** @type {number[]} */
  const speeds = [];
  const pressed = performance.now();
  return new Promise((resolve, reject) => {
    const observer = new MutationObserver(() => {
      const [accuracy, speed] = [shown("Accuracy"), shown("Images / s")];
      if (speed > 0 && speed !== speeds.at(-1)) speeds.push(speed);
      if (accuracy > 0 && accuracy !== accuracies.at(-1)) accuracies.push(accuracy);
      const state = bar.querySelector("#run-state")?.textContent ?? "";
      if (accuracy >= 98) done(performance.now());
      else if (["completed", "interrupted", "failed"].includes(state)) {
        observer.disconnect();
        reject(new Error(`the run ended (${state}) at ${accuracy} %: ${bar.textContent}`));
      }
    });
    observer.observe(bar, { subtree: true, childList: true, characterData: true });
    button.click();

    /** @param {number} reached */
    function done(reached) {
      observer.disconnect();
      // Of a task that is under way the observer tells when it is over.
      setTimeout(() => {
        /** @type {{ begin: number, milliseconds: number }[]} */
        const longTasks = Reflect.get(globalThis, "longTasks");
        const meanwhile = longTasks.filter(
          ({ begin, milliseconds }) => begin + milliseconds > pressed && begin < reached,
        );
        speeds.sort((a, b) => a - b);
        resolve({
          seconds: (reached - pressed) / 1000,
          epochs: accuracies.length,
          imagesPerSecond: speeds[speeds.length >> 1] ?? 0,
          longestTask: Math.max(0, ...meanwhile.map(({ milliseconds }) => milliseconds)),
        });
      }, 200);
    }
  });
}
