import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Debian's; tests fetch no browser of their own. */
const executablePath = "/usr/bin/chromium";

/**
 * Whether there is no browser to test in; the reason goes to standard error, as the short report of vitest leaves it out.
 *
 * @param what - is skipped then
 */
export function lacksChromium(what: string): boolean {
  const lacking = !existsSync(executablePath);
  if (lacking) {
    process.stderr.write(`${what} skipped: there is no ${executablePath}; apt-get install chromium\n`);
  }
  return lacking;
}

/**
 * Starts the browser, without a window and without requests of its own.
 *
 * @param flags - more of its command line, a camera that is none for example
 */
export async function launchChromium(flags: readonly string[] = []): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ...flags,
    ],
  });
}
