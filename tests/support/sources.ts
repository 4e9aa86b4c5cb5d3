import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The root of the repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** One import, export-from or dynamic import of a file. */
export interface Import {
  /** As it stands in the source: `../tensor/index.ts`, `#host`, `node:fs`. */
  readonly specifier: string;
  readonly line: number;
  /** `import("...")` and `import type(...)` in an expression. */
  readonly dynamic: boolean;
  /** `import type` and `export type`: nothing is loaded. */
  readonly typeOnly: boolean;
}

/** A source file and what it imports. */
export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly lines: number;
  readonly syntax: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** All TypeScript files under a folder; what a build has generated and the kernels (AssemblyScript) are left out. */
export function readSources(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => /\.tsx?$/.test(path) && !/\/(generated|kernels|node_modules)\//.test(path))
    .sort()
    .map(readSource);
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const syntax = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lines = text.replace(/\n$/, "").split("\n").length;
  return { path, lines, syntax, imports: importsOf(syntax) };
}

function importsOf(syntax: ts.SourceFile): Import[] {
  const imports: Import[] = [];
  visit(syntax, (node) => {
    const literal = importedName(node);
    if (literal === undefined || !ts.isStringLiteralLike(literal)) return;
    const dynamic = !ts.isImportDeclaration(node) && !ts.isExportDeclaration(node);
    const typeOnly =
      (ts.isImportDeclaration(node) && node.importClause?.isTypeOnly === true) ||
      (ts.isExportDeclaration(node) && node.isTypeOnly);
    imports.push({ specifier: literal.text, line: lineOf(syntax, node), dynamic, typeOnly });
  });
  return imports;
}

function importedName(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return node.arguments[0];
  return undefined;
}

/** Calls `see` for a node and everything below it. */
export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** Line of a node in its file, from 1. */
export function lineOf(syntax: ts.SourceFile, node: ts.Node): number {
  return syntax.getLineAndCharacterOfPosition(node.getStart(syntax)).line + 1;
}

/** The file that a relative import names, from the root of the repository; undefined for packages and `#host`. */
export function resolveRelative(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return relative(root, join(root, dirname(from), specifier)).replaceAll("\\", "/");
}
