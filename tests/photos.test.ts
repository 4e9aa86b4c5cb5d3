import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { root } from "./support/sources.ts";

const execute = promisify(execFile);
const sharp = await import("sharp").then(
  (module) => module.default,
  () => null,
);

describe.skipIf(sharp === null)("photos (skipped where sharp is not installed)", () => {
  test("are read from any folder, and a process that has read some ends by itself", async () => {
    if (sharp === null) throw new Error("sharp is not installed");
    // A folder without packages: sharp is Fovea's own.
    const folder = await mkdtemp(join(tmpdir(), "fovea-elsewhere-"));
    try {
      await symlink(root, join(folder, "fovea"));
      await mkdir(join(folder, "photos"));
      const picture = sharp(new Uint8Array(48), { raw: { width: 4, height: 4, channels: 3 } });
      await writeFile(join(folder, "photos/1.jpg"), await picture.jpeg().toBuffer());
      await writeFile(
        join(folder, "main.mjs"),
        `import { data } from "./fovea/dist/index.js";
        for await (const { problem, pixels } of data.readPhotos(["photos/1.jpg"], { height: 8, width: 8, channels: 3 }))
          console.log(problem, pixels.length);`,
      );
      const { stdout } = await execute(process.execPath, ["main.mjs"], { cwd: folder, timeout: 60_000 });
      expect(stdout).toBe("null 192\n");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 90_000);
});
