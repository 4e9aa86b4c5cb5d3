import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./support/sources.ts";

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Where a package may find what it needs: its own node_modules, then those of the folders around it. */
function places(path: string, name: string): string[] {
  const nests = path
    .split("/node_modules/")
    .map((_, depth, parts) => parts.slice(0, depth + 1).join("/node_modules/"));
  return [`node_modules/${name}`, ...nests.map((nest) => `${nest}/node_modules/${name}`)];
}

// npm leaves builds for other platforms out of the lock file when the registry at hand does not list them, and `npm ci`
// then fails on a clean clone.
test("package-lock.json has every package that it needs, those for other platforms included", () => {
  const { packages }: { packages: Record<string, LockedPackage> } = JSON.parse(
    readFileSync(join(root, "package-lock.json"), "utf8"),
  );
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !places(path, name).some((place) => place in packages))
      .map((name) => `${name}, needed by ${path}`),
  );
  expect(missing).toEqual([]);
});
