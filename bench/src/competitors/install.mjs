import { join } from "node:path";

/** Where the bench's own dependencies are. */
export const installed = join(import.meta.dirname, "../../node_modules");
