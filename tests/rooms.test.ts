import ts from "typescript";
import { describe, expect, test } from "vitest";
import { lineOf, readSources, resolveRelative, type SourceFile, visit } from "./support/sources.ts";

/** What a room of `src/` may import. */
interface Room {
  readonly rooms: readonly string[];
  /** Packages, loaded with the room. */
  readonly packages?: readonly string[];
  /** Packages that need not be installed: only loaded by `import()`, or as types. */
  readonly optional?: readonly string[];
  /** Files that may import `node:`. */
  readonly node?: RegExp;
}

const vocabulary = ["tensor", "options", "graph", "ops", "autodiff"];
const vocabularies = ["layers", "losses", "optimizers", "metrics"];
const belowTrain = [...vocabulary, "host", "engine", ...vocabularies, "data", "formats"];
const belowReuse = [
  ...belowTrain,
  ...["hub", "train", "models", "interop", "zoo", "drawing", "inspect", "pretrained"],
];

/**
 * The rooms, each below those that come later (ARCHITECTURE.md). `train` lies below `models`: it defines the interface
 * that it trains, and `Model` implements it.
 */
const rooms: Readonly<Record<string, Room>> = {
  tensor: { rooms: [] },
  host: { rooms: ["tensor"], optional: ["sharp"], node: /\/node(-[a-z-]+)?\.ts$|\/file-errors\.ts$/ },
  options: { rooms: ["tensor"] },
  graph: { rooms: ["tensor"] },
  ops: { rooms: ["tensor", "graph"] },
  autodiff: { rooms: ["tensor", "graph", "ops"] },
  engine: { rooms: ["tensor", "host", "graph", "ops"] },
  layers: { rooms: vocabulary },
  losses: { rooms: vocabulary },
  optimizers: { rooms: vocabulary },
  metrics: { rooms: vocabulary },
  hub: { rooms: ["tensor", "host"] },
  data: { rooms: ["tensor", "host", "options", "graph", "ops", "hub"] },
  formats: {
    rooms: ["tensor", "graph"],
    optional: ["@bufbuild/protobuf", "@bufbuild/protobuf/codegenv2", "fflate"],
  },
  train: { rooms: belowTrain },
  models: { rooms: [...belowTrain, "train"] },
  interop: { rooms: [...belowTrain, "train", "models"] },
  zoo: { rooms: [...belowTrain, "train", "models"] },
  drawing: { rooms: ["tensor", "host", "options"] },
  inspect: { rooms: [...belowTrain, "train", "models", "zoo", "drawing"] },
  pretrained: { rooms: [...belowTrain, "hub", "train", "models", "interop", "zoo"] },
  reuse: { rooms: belowReuse },
  server: {
    rooms: [...belowReuse, "reuse"],
    packages: ["hono", "hono/streaming", "@hono/node-server", "prom-client"],
    node: /./,
  },
  cli: {
    rooms: [...belowReuse, "reuse", "server"],
    packages: ["chokidar", "cli-table3", "commander", "picocolors", "zod"],
    node: /./,
  },
};

/** Files longer than 400 lines, and why. */
const longFiles: Readonly<Record<string, string>> = {};

/** Repeats the type parameter of an interface of vitest's, which has `any`. */
const mayUseAny = "src/testing/matchers.ts";

/** Files that may turn a value into an unrelated type. */
const mayCast = /^src\/formats\/|^src\/engine\/wasm\/worker\/worker\.ts$/;

const sources = readSources("src");
const page = readSources("studio/src");
const production = sources.filter(({ path }) => !isTest(path));

function isTest(path: string): boolean {
  return /\.(test|slow)\.ts$|^src\/testing\/|^src\/engine\/contract\.ts$/.test(path);
}

/** `src/ops/relu.ts` -> `ops`; "index" for `src/index.ts`, which exports the library. */
function roomOf(path: string): string {
  const [, name] = path.split("/");
  return name.replace(/\.ts$/, "");
}

function allowed(room: string): Room {
  if (room === "index")
    return { rooms: Object.keys(rooms).filter((name) => name !== "server" && name !== "cli") };
  const entry = rooms[room];
  if (entry === undefined)
    throw new Error(`src/${room} is no room: add it to tests/rooms.test.ts and ARCHITECTURE.md`);
  return entry;
}

/** Why an import breaks the table of rooms, or null. */
function judge(from: string, specifier: string, loadsLater: boolean): string | null {
  const own = roomOf(from);
  const may = allowed(own);
  if (specifier.startsWith("node:")) return may.node?.test(from) ? null : "may not import node:";
  const target = specifier === "#host" ? "src/host/node.ts" : resolveRelative(from, specifier);
  if (target === undefined) {
    if (may.packages?.includes(specifier)) return null;
    if (may.optional?.includes(specifier)) return loadsLater ? null : "is optional: load it with import()";
    return "is a package that this room may not import";
  }
  if (isTest(target)) return "is for tests only";
  const room = roomOf(target);
  if (room === own) return null;
  if (room === "host" && specifier !== "#host" && own !== "index") return 'is the host: import it as "#host"';
  return may.rooms.includes(room) ? null : `lies in ${room}, which ${own} may not know`;
}

describe("rooms", () => {
  test("the table has no back edge, and every room in it exists", () => {
    const order = Object.keys(rooms);
    for (const [name, { rooms: known }] of Object.entries(rooms)) {
      for (const other of known)
        expect(order.indexOf(other), `${name} knows ${other}`).toBeLessThan(order.indexOf(name));
      // Peers do not know each other.
      if (vocabularies.includes(name)) expect(known).not.toEqual(expect.arrayContaining(vocabularies));
    }
    expect(new Set(production.map(({ path }) => roomOf(path)))).toEqual(new Set([...order, "index"]));
  });

  test("every import runs down the table", () => {
    const violations = production.flatMap(({ path, imports }) =>
      imports.flatMap(({ specifier, line, dynamic, typeOnly }) => {
        const reason = judge(path, specifier, dynamic || typeOnly);
        return reason === null ? [] : [`${path}:${line}: ${specifier} ${reason}`];
      }),
    );
    expect(violations).toEqual([]);
  });

  test("what a browser loads reaches no node: import and no package", () => {
    const byPath = new Map(production.map((source) => [source.path, source]));
    const reached = reach("src/index.ts", (path, specifier) =>
      specifier === "#host" ? "src/host/browser.ts" : resolveRelative(path, specifier),
    );
    expect(reached.has("src/host/browser.ts")).toBe(true);
    const violations = [...reached].flatMap((path) =>
      (byPath.get(path)?.imports ?? [])
        .filter(({ dynamic, typeOnly }) => !dynamic && !typeOnly)
        .filter(({ specifier }) => !specifier.startsWith(".") && specifier !== "#host")
        .map(({ specifier, line }) => `${path}:${line}: ${specifier}`),
    );
    expect(violations).toEqual([]);

    function reach(
      start: string,
      resolve: (path: string, specifier: string) => string | undefined,
    ): Set<string> {
      const seen = new Set([start]);
      for (const path of seen) {
        for (const { specifier } of byPath.get(path)?.imports ?? []) {
          const target = resolve(path, specifier);
          if (target !== undefined) seen.add(target);
        }
      }
      return seen;
    }
  });

  test("no file depends on itself", () => {
    expect(findCycles([...sources, ...page])).toEqual([]);
  });
});

describe("Studio", () => {
  test("loads the library in its worker only: the page's own thread draws, and its panels know no other panel", () => {
    const violations = page.flatMap(({ path, imports }) =>
      imports.flatMap(({ specifier, line, typeOnly }) => {
        const target = resolveRelative(path, specifier);
        const inLab = path.startsWith("studio/src/lab/") && path !== "studio/src/lab/client.ts";
        const panel = path.match(/panels\/([^/]+)\//)?.[1];
        const other = target?.match(/panels\/([^/]+)\//)?.[1];
        const bad =
          (!inLab &&
            !typeOnly &&
            (specifier === "fovea" || target?.startsWith("studio/src/lab/") === true) &&
            target !== "studio/src/lab/client.ts") ||
          (inLab && specifier.includes("preact")) ||
          (panel !== undefined && other !== undefined && panel !== other);
        return bad ? [`${path}:${line}: ${specifier}`] : [];
      }),
    );
    expect(violations).toEqual([]);
  });
});

/** Cycles of imports, types included, each as `a -> b -> a`. What `import()` loads later is not waited for. */
function findCycles(files: readonly SourceFile[]): string[] {
  const edges = new Map(
    files.map(({ path, imports }) => {
      const waitedFor = imports.filter(({ dynamic }) => !dynamic);
      return [path, waitedFor.flatMap(({ specifier }) => resolveRelative(path, specifier) ?? [])];
    }),
  );
  const cycles: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  function walk(path: string): void {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const target of edges.get(path) ?? []) walk(target);
    trail.pop();
    done.add(path);
  }
  for (const { path } of files) walk(path);
  return cycles;
}

describe("files", () => {
  test("have at most 400 lines, or are listed with a reason", () => {
    const all = [...sources, ...page, ...readSources("tests")];
    const long = all.filter(({ lines }) => lines > 400).map(({ path }) => path);
    expect(long).toEqual(Object.keys(longFiles).sort());
  });

  test("have kebab-case names", () => {
    const paths = [...sources, ...page].map(({ path }) => path);
    expect(paths.filter((path) => !/^[a-z0-9/.-]+$/.test(path))).toEqual([]);
  });

  test("have no any, no non-null assertion, and no cast through unknown", () => {
    const violations = [...sources, ...page].flatMap(({ path, syntax }) => {
      const found: string[] = [];
      visit(syntax, (node) => {
        const what = loosened(node, path);
        if (what !== null) found.push(`${path}:${lineOf(syntax, node)}: ${what}`);
      });
      return found;
    });
    expect(violations).toEqual([]);
  });
});

function loosened(node: ts.Node, path: string): string | null {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return path === mayUseAny ? null : "any";
  if (ts.isNonNullExpression(node)) return "non-null assertion";
  if (ts.isPropertyDeclaration(node) && node.exclamationToken !== undefined) return "definite assignment";
  const castsTwice =
    ts.isAsExpression(node) &&
    ts.isAsExpression(node.expression) &&
    node.expression.type.kind === ts.SyntaxKind.UnknownKeyword;
  return castsTwice && !mayCast.test(path) ? "as unknown as" : null;
}
