/**
 * Starts the page, and before that makes it cross-origin isolated on hosts that send no headers for it, so that threads can share
 * memory: a service worker answers the page's own requests with them from the next load on, and the page is loaded once more.
 * Where there are no service workers, or where that does not help, the page works with one thread.
 */
(() => {
  /** Kept as long as the tab: a reload that has not helped is not tried again. */
  const key = "fovea-reloaded-for-isolation";
  /** A page that is not taken over within so many milliseconds starts as it is. */
  const patience = 3000;

  const { page } = document.currentScript.dataset;
  let isStarted = false;

  const workers = navigator.serviceWorker;
  if (globalThis.crossOriginIsolated) {
    remember(false);
    start();
    // Browsers look for a newer one when they please.
    workers
      ?.getRegistration()
      .then((registration) => registration?.update())
      .catch(() => undefined);
    return;
  }
  // There are none on pages that come without encryption from elsewhere than this machine.
  if (!globalThis.isSecureContext || workers === undefined || wasReloaded()) {
    start();
    return;
  }
  setTimeout(start, patience);
  // It takes this page over when it is active; one that was there before was passed by, as a forced reload does.
  workers.addEventListener("controllerchange", reload, { once: true });
  workers.register("./isolation-worker.js").then((registration) => {
    // Tools that keep service workers away answer with nothing.
    if (registration === undefined) start();
    else if (registration.active !== null) reload();
  }, start);

  /** What would begin in a page that is loaded once more would be in vain. */
  function start() {
    if (isStarted) return;
    isStarted = true;
    void import(page);
  }

  function reload() {
    // Who has begun to work is not interrupted.
    if (isStarted) return;
    if (remember(true)) location.reload();
    else start();
  }

  /** @returns whether it could be remembered: else a reload might follow a reload */
  function remember(reloaded) {
    try {
      if (reloaded) sessionStorage.setItem(key, "yes");
      else sessionStorage.removeItem(key);
      return true;
    } catch {
      return false;
    }
  }

  function wasReloaded() {
    try {
      return sessionStorage.getItem(key) !== null;
    } catch {
      return true;
    }
  }
})();
