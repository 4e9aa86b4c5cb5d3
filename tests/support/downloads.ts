import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";

/** The bytes of the file that a page offers when something is done to it. */
export async function downloaded(page: Page, act: () => Promise<void>): Promise<Uint8Array<ArrayBuffer>> {
  const [download] = await Promise.all([page.waitForEvent("download"), act()]);
  return new Uint8Array(await readFile(await download.path()));
}
