import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type CourseBlock,
  commandsOf,
  courseBlocks,
  differenceOf,
  runningBlocks,
  shownOf,
  shownOutput,
  withOutputs,
} from "./support/course.ts";
import { root } from "./support/sources.ts";

/**
 * Runs docs/course.md, every command in a folder of its own, in order, and those commands of docs/seeing.md whose output is
 * shown; and holds what comes out against what is shown.
 *
 *   FOVEA_RECORD=1 npx vitest run --project slow tests/course.test.ts
 *
 * writes what came out into the guides in place of that.
 */
const guides = [
  { name: "docs/course.md", which: "all" },
  { name: "docs/seeing.md", which: "shown" },
] as const;
const isRecording = process.env["FOVEA_RECORD"] === "1";

/** Runs a command of the guide: `npx fovea` is what was built here. */
async function run(
  command: string,
  folder: string,
): Promise<{ readonly out: string; readonly err: string; readonly code: number | null }> {
  const words = command.replace(/^npx fovea\b/, `"${process.execPath}" "${join(root, "dist/cli/main.js")}"`);
  const line = words.replace(/^node\b/, `"${process.execPath}"`);
  const child = spawn(line, {
    cwd: folder,
    shell: true,
    env: {
      ...process.env,
      NO_COLOR: "1",
      FORCE_COLOR: "",
      COLUMNS: "100",
      XDG_CACHE_HOME: join(folder, ".cache"),
    },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (bytes) => {
    out += bytes;
  });
  child.stderr.on("data", (bytes) => {
    err += bytes;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { out, err, code };
}

describe.each(guides)("$name", ({ name, which }) => {
  const path = join(root, name);
  const text = readFileSync(path, "utf8");
  const blocks = courseBlocks(text);
  let folder = "";
  /** What each block `sh` has printed, by its line. */
  const printed = new Map<number, string>();

  beforeAll(async () => {
    // Inside the repository, so that "fovea" is found.
    await mkdir(join(root, "node_modules/.cache"), { recursive: true });
    folder = await mkdtemp(join(root, "node_modules/.cache/course-"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(runningBlocks(blocks, which).map((block) => [block.line, block] as const))(
    "the block at line %i runs",
    async (line, block) => {
      if (block.kind === "js") {
        await writeFile(join(folder, block.info), block.code);
        return;
      }
      let all = "";
      for (const command of commandsOf(block)) {
        const { out, err, code } = await run(command, folder);
        expect({ command, code, err: code === 0 ? "" : err }).toEqual({ command, code: 0, err: "" });
        all += out;
      }
      printed.set(line, all);
    },
    300_000,
  );

  /** The block whose output a `text` block shows. */
  const sourceOf = (block: CourseBlock) => {
    const source = blocks.findLast(({ kind, line }) => kind === "sh" && line < block.line);
    return printed.get(source?.line ?? 0) ?? "";
  };
  const shown = blocks.filter(({ kind }) => kind === "text");

  test.skipIf(isRecording).each(shown.map((block) => [block.line, block] as const))(
    "the output at line %i is what comes out",
    (_, block) => {
      const how = shownOf(block);
      expect(differenceOf(block.code, shownOutput(sourceOf(block), how), how.about)).toBeNull();
    },
  );

  test.runIf(isRecording)("recorded", () => {
    const outputs = shown.map((block) => shownOutput(sourceOf(block), shownOf(block)));
    writeFileSync(path, withOutputs(text, outputs));
  });
});
