import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * A folder or file of the shared data, which lie beside the repository and are no part of it (`FOVEA_DATA` names another
 * place); `null` where they are not there, and tests that need them are skipped.
 */
export function sharedData(path: string): string | null {
  const beside = fileURLToPath(new URL("../../../shared/data", import.meta.url));
  const full = join(process.env["FOVEA_DATA"] ?? beside, path);
  return existsSync(full) ? full : null;
}
