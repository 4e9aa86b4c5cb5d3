import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawPhoto, ppmOf } from "../src/testing/photo-files.ts";
import { root } from "./support/sources.ts";

const execute = promisify(execFile);

/** One program of a document: a \`\`\`ts block, with the blocks after it that import nothing and so go on from it. */
interface Program {
  readonly document: string;
  /** Of the first block. */
  readonly line: number;
  code: string;
}

function documents(): string[] {
  const guides = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...guides.map((name) => `docs/${name}`)];
}

function programsOf(document: string): Program[] {
  const text = readFileSync(join(root, document), "utf8");
  const programs: Program[] = [];
  for (const match of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
    const [, code] = match;
    const last = programs.at(-1);
    if (/^import /m.test(code) || last === undefined) {
      programs.push({ document, line: text.slice(0, match.index).split("\n").length, code });
    } else {
      last.code += code;
    }
  }
  return programs;
}

/** The same program on few data: MNIST's first digits, one epoch. A replacement that finds nothing does no harm. */
function shortened(code: string): string {
  return code
    .replace(/await data\.loadMnist\(\)/g, "fewDigits(await data.loadMnist())")
    .replace(/\bepochs: \d+/g, "epochs: 1")
    .concat(`
function fewDigits(pair: Awaited<ReturnType<typeof import("fovea").data.loadMnist>>) {
  const few = (set: typeof pair.train, count: number) => {
    const [, ...shape] = set.images.shape;
    const pixels = shape.reduce((product, size) => product * size, 1);
    return {
      ...set,
      images: new documented.Tensor("uint8", [count, ...shape], set.images.data.slice(0, count * pixels)),
      labels: new documented.Tensor("int32", [count], set.labels.data.slice(0, count)),
    };
  };
  return { train: few(pair.train, 2000), test: few(pair.test, 500) };
}
import * as documented from "fovea";
`);
}

/** The folder `photos` of the documents: pictures of two classes. */
async function drawPhotos(folder: string): Promise<void> {
  for (const [label, name] of ["cat", "dog"].entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let index = 0; index < 12; index++)
      await writeFile(join(folder, name, `${index}.ppm`), ppmOf(drawPhoto(100 * label + index)));
  }
}

describe("code in the documents", () => {
  let folder: string;
  const programs = documents().flatMap(programsOf);

  beforeAll(async () => {
    // Inside the repository, so that "fovea" is found.
    await mkdir(join(root, "node_modules/.cache"), { recursive: true });
    folder = await mkdtemp(join(root, "node_modules/.cache/docs-"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await drawPhotos(join(folder, "photos"));
    await Promise.all(
      programs.map(({ code }, index) => writeFile(join(folder, `${index}.ts`), shortened(code))),
    );
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test("README.md shows the library", () => {
    expect(programs.filter(({ document }) => document === "README.md").length).toBeGreaterThan(0);
  });

  test("has no type errors", () => {
    const program = ts.createProgram(
      programs.map((_, index) => join(folder, `${index}.ts`)),
      {
        target: ts.ScriptTarget.ES2023,
        lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        types: ["node"],
        typeRoots: [join(root, "node_modules/@types")],
      },
    );
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
      const { document, line } = programs[Number(/(\d+)\.ts$/.exec(file?.fileName ?? "")?.[1] ?? 0)];
      const at = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
      return `${document}, block at line ${line}, its line ${at}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
    expect(problems).toEqual([]);
  });

  test.each(programs.map(({ document, line }, index) => ({ document, line, index })))(
    "$document, line $line, runs",
    async ({ index }) => {
      const source = readFileSync(join(folder, `${index}.ts`), "utf8");
      const { outputText } = ts.transpileModule(source, {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      });
      await writeFile(join(folder, `${index}.js`), outputText);
      const file = relative(folder, join(folder, `${index}.js`));
      const { stderr } = await execute(process.execPath, [file], { cwd: folder });
      expect(stderr).toBe("");
    },
    60_000,
  );
});
