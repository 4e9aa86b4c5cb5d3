import { existsSync } from "node:fs";

/** Debian's; the bench fetches no browser of its own. */
export const chromiumPath = "/usr/bin/chromium";

/**
 * Starts the browser as the tests do (tests/support/chromium.ts): without a window and without requests of its own.
 *
 * @param {string} [executablePath]
 * @throws Error that says what is missing
 */
export async function launchChromium(executablePath = chromiumPath) {
  if (!existsSync(executablePath))
    throw new Error(`there is no ${executablePath}: apt-get install chromium (it is what shows the page)`);
  const { chromium } = await import("playwright-core").catch(() => {
    throw new Error("playwright-core is missing: npm ci in the repository installs it");
  });
  return await chromium.launch({
    executablePath,
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ],
  });
}
