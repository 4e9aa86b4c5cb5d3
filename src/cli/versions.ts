import { describeMachine } from "#host";
import type { Engine } from "../engine/engine.ts";
import { libraryVersion } from "./version.ts";

/** With what a run was made, as its records keep it; what the host does not know is left out. */
export type Versions = Readonly<Record<string, string>>;

/** With what this process works: `{ fovea: "0.1.0", runtime: "Node 20.20.2", engine: "wasm (relaxed6x8, 2 threads)", ... }`. */
export function versionsOf({ name }: Engine): Versions {
  const { runtime, compiler, platform, processor } = describeMachine();
  const all = { fovea: libraryVersion(), runtime, compiler, platform, processor, engine: name };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}
