import { join, relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { root } from "./support/sources.ts";

/** One thing that the library exports. */
interface Exported {
  /** As a user writes it: `layers.conv2d`. */
  readonly name: string;
  readonly declarations: readonly ts.Declaration[];
}

const entry = join(root, "src/index.ts");

/** All that can be reached from the library's entry, namespaces opened. Types are not checked here, only looked up. */
function exportsOf(program: ts.Program): Exported[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error("src/index.ts exports nothing");

  function open(symbol: ts.Symbol, prefix: string): Exported[] {
    return checker.getExportsOfModule(symbol).flatMap((exported) => {
      const name = `${prefix}${exported.name}`;
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const target = isAlias ? checker.getAliasedSymbol(exported) : exported;
      const isModule = (target.flags & ts.SymbolFlags.ValueModule) !== 0;
      return isModule ? open(target, `${name}.`) : [{ name, declarations: target.declarations ?? [] }];
    });
  }
  return open(module, "");
}

/** A comment counts where it stands: on the declaration, or on the statement of a `const`. */
function hasComment(declaration: ts.Declaration): boolean {
  return ts
    .getJSDocCommentsAndTags(declaration)
    .some(
      (comment) =>
        ts.isJSDoc(comment) && (ts.getTextOfJSDocComment(comment.comment) ?? comment.getText()).trim() !== "",
    );
}

test("every export of the library has a TSDoc comment", () => {
  const program = ts.createProgram([entry], {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    paths: { "#host": [join(root, "src/host/node.ts")] },
    allowImportingTsExtensions: true,
    noEmit: true,
    noLib: true,
    types: [],
  });
  const all = exportsOf(program);
  expect(all.length).toBeGreaterThan(50);
  const without = all.filter(({ declarations }) => !declarations.some(hasComment));
  expect(
    without.map(
      ({ name, declarations: [first] }) =>
        `${name} (${relative(root, first?.getSourceFile().fileName ?? "?")})`,
    ),
  ).toEqual([]);
});
