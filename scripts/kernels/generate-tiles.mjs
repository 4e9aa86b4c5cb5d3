/**
 * Writes the register tiles of the matrix product: straight-line AssemblyScript that no one should write by hand,
 * for a tile of R rows by C columns (C a multiple of 4). Each form computes c[i][j] (+)= sum over k of a[i][k] b[k][j]
 * and differs in how it finds a:
 *
 *   tileRows           row i has its own pointer; its elements lie side by side
 *   tileRowOffsets     row i has its own pointer, and element k lies `offsets[k]` bytes from it: the patches of a
 *                      convolution, read where they are (a row is an output pixel, an offset a kernel position)
 *   tileColumns        a transposed: the R elements of one k lie side by side, `aStep` bytes from k to k + 1
 *   tileColumnOffsets  the R elements of one k lie side by side, `offsets[k]` bytes from `a`
 *   tileRowsSparse     as tileRows, and
 *   tileColumnsSparse  as tileColumns, for those k only that `positions` lists: pairs of byte offsets into a and b. Where
 *                      all of a tile's elements of a are zero, as on the border of most digits, k contributes nothing
 *
 * b has rows of at least C floats, `bStep` bytes apart in the column forms and packed ([k][C]) in the others. With tiles
 * of 16 columns, each form has a half-wide twin for what is left at the right edge: it reads the same panels.
 *
 * An accumulator lives in a local for each row and each 4 columns: R * C / 4 of them, C / 4 of b and one of a. V8 gives 15
 * vector registers on x64, so 6 x 8 is the largest tile there is with vectors of 128 bits. Where V8 joins neighbouring
 * vectors into 256 bits (`--experimental-wasm-revectorize`), 6 x 16 takes the same 15 registers: it finds the pairs from
 * the stores at the end upwards, through the loop to the loads, so both halves of a pair must be treated alike.
 *
 * There is one loop, and it is not unrolled: a nest of two loops or a body unrolled by hand makes the register allocator
 * spill accumulators. TurboFan (V8 before 12) unrolls by itself, with the same effect on 6 x 8 (34 in place of 72 GFLOP/s
 * on one core; 4 x 8 keeps 64): `tuneV8` turns that off where it can, and elsewhere start-up measures and takes 4 x 8.
 */

const range = (count) => Array.from({ length: count }, (_, index) => index);

/** The lines of one k: load b, then a broadcast and C / 4 multiply-adds for every row. */
function step(rows, vectors, aAddress, bAddress) {
  const lines = range(vectors).map((v) => `b${v} = v128.load(${bAddress(v)});`);
  for (const i of range(rows)) {
    lines.push(`a = v128.load32_splat(${aAddress(i)});`);
    for (const v of range(vectors)) lines.push(`c${i}${v} = multiplyAdd(a, b${v}, c${i}${v});`);
  }
  return lines;
}

const indent = (lines, depth) => lines.map((line) => `${"  ".repeat(depth)}${line}`).join("\n");

/** Accumulators start as c, as the bias, or as zero. */
function prologue(rows, vectors) {
  const names = range(rows).flatMap((i) => range(vectors).map((v) => [i, v]));
  const declare = names.map(([i, v]) => `let c${i}${v}: v128 = zero();`);
  const load = names.map(([i, v]) => `c${i}${v} = v128.load(target + ${i} * targetStride, ${16 * v});`);
  const bias = range(vectors).flatMap((v) => [
    `b${v} = v128.load(bias, ${16 * v});`,
    ...range(rows).map((i) => `c${i}${v} = b${v};`),
  ]);
  return [
    `const whole = rowsValid == ${rows} && columnsValid == ${4 * vectors};`,
    "const target = whole ? c : spill;",
    `const targetStride: usize = whole ? cStride : ${16 * vectors};`,
    "let a: v128 = zero();",
    ...range(vectors).map((v) => `let b${v}: v128 = zero();`),
    ...declare,
    "if (accumulate) {",
    "  if (!whole) copyTile(c, cStride, spill, targetStride, rowsValid, columnsValid);",
    ...load.map((line) => `  ${line}`),
    "} else if (bias) {",
    ...bias.map((line) => `  ${line}`),
    "}",
  ];
}

/** Finishes the values on their way out (see kernels/tile.ts) and stores the part of the tile that lies inside c. */
function epilogue(rows, vectors) {
  const names = range(rows).flatMap((i) => range(vectors).map((v) => [i, v]));
  const store = names.map(([i, v]) => `v128.store(target + ${i} * targetStride, c${i}${v}, ${16 * v});`);
  const change = (value) => names.map(([i, v]) => `    c${i}${v} = ${value(`c${i}${v}`, i, 16 * v)};`);
  return [
    "if (finish && whole) {",
    "  if (finish & ADD_RESIDUAL) {",
    "    const other = c + residualDelta;",
    ...change((c, i, at) => `f32x4.add(${c}, v128.load(other + ${i} * cStride, ${at}))`),
    "  }",
    "  if (finish & RECTIFY) {",
    "    a = zero();",
    ...change((c) => `f32x4.max(${c}, a)`),
    "  }",
    "  if (finish & MASK) {",
    "    a = zero();",
    "    const other = c + maskDelta;",
    ...change((c, i, at) => `v128.and(${c}, f32x4.gt(v128.load(other + ${i} * cStride, ${at}), a))`),
    "  }",
    "}",
    ...store,
    "if (!whole) finishTile(spill, targetStride, c, cStride, rowsValid, columnsValid, finish);",
  ];
}

/** What tells the forms apart: parameters that locate a and b, set-up, addresses within one k, and the way to the next. */
const forms = {
  tileRows: (rows) => ({
    parameters: "rowPointers: usize, kCount: u32, b: usize",
    setUp: range(rows).map((i) => `let r${i}: usize = load<u32>(rowPointers, ${4 * i});`),
    locate: [],
    a: (i) => `r${i}`,
    advance: (bytes) => [...range(rows).map((i) => `r${i} += 4;`), `b += ${bytes};`],
  }),
  tileRowOffsets: (rows) => ({
    parameters: "rowPointers: usize, offsets: usize, kCount: u32, b: usize",
    setUp: range(rows).map((i) => `const r${i}: usize = load<u32>(rowPointers, ${4 * i});`),
    locate: ["const at: usize = load<u32>(offsets);"],
    a: (i) => `r${i} + at`,
    advance: (bytes) => ["offsets += 4;", `b += ${bytes};`],
  }),
  tileColumns: () => ({
    parameters: "aFirst: usize, aStep: usize, kCount: u32, b: usize, bStep: usize",
    setUp: [],
    locate: [],
    a: (i) => `aFirst, ${4 * i}`,
    advance: () => ["aFirst += aStep;", "b += bStep;"],
  }),
  tileColumnOffsets: () => ({
    parameters: "aFirst: usize, offsets: usize, kCount: u32, b: usize, bStep: usize",
    setUp: [],
    locate: ["const at: usize = aFirst + load<u32>(offsets);"],
    a: (i) => `at, ${4 * i}`,
    advance: () => ["offsets += 4;", "b += bStep;"],
  }),
};

/** The forms for sparse operands differ in their body only. */
for (const [name, dense] of [
  ["tileRowsSparse", "tileRows"],
  ["tileColumnsSparse", "tileColumns"],
]) {
  forms[name] = (rows) => {
    const form = forms[dense](rows);
    const byRow = dense === "tileRows";
    return {
      ...form,
      parameters: `${byRow ? "rowPointers: usize" : "aFirst: usize"}, positions: usize, kCount: u32, b: usize`,
      setUp: form.setUp.map((line) => line.replace("let ", "const ")),
      locate: [
        `const at: usize = ${byRow ? "" : "aFirst + "}load<u32>(positions);`,
        "const bAt: usize = b + load<u32>(positions, 4);",
      ],
      a: (i) => (byRow ? `r${i} + at` : `at, ${4 * i}`),
      b: (v) => `bAt, ${16 * v}`,
      advance: () => ["positions += 8;"],
    };
  };
}

/** Bytes from one row of a packed panel to the next. */
const panelStep = (panelColumns) => 4 * panelColumns;

/**
 * One form of the tile.
 *
 * @param columns - columns of the tile; panels have `panelColumns`
 * @param half - name of the twin that takes over at the right edge, if any
 */
function tile(name, form, { rows, columns, panelColumns, half }) {
  const vectors = columns / 4;
  const body = [
    ...form.locate,
    ...step(rows, vectors, form.a, form.b ?? ((v) => `b, ${16 * v}`)),
    ...form.advance(panelStep(panelColumns)),
  ];
  const given = form.parameters.split(", ").map((parameter) => parameter.split(":")[0]);
  const rest = ["c", "cStride", "rowsValid", "columnsValid", "accumulate", "bias", "finish"];
  const edge =
    half === undefined
      ? []
      : [
          `if (columnsValid <= ${columns / 2}) {`,
          `  ${half}(${[...given, ...rest].join(", ")});`,
          "  return;",
          "}",
        ];
  return `export function ${name}(
  ${form.parameters},
  c: usize, cStride: usize, rowsValid: u32, columnsValid: u32, accumulate: bool, bias: usize, finish: u32,
): void {
${indent([...edge, ...form.setUp, ...prologue(rows, vectors)], 1)}
  for (let k: u32 = kCount; k != 0; k--) {
${indent(body, 2)}
  }
${indent(epilogue(rows, vectors), 1)}
}
`;
}

/** A form, and its half-wide twin where tiles have 16 columns. */
function tiles(name, [rows, columns]) {
  const form = forms[name](rows);
  const half = columns >= 16 ? `${name}Half` : undefined;
  const whole = tile(name, form, { rows, columns, panelColumns: columns, half });
  if (half === undefined) return whole;
  return `${tile(half, form, { rows, columns: columns / 2, panelColumns: columns })}\n${whole}`;
}

/**
 * Source of the module that holds all forms of the tile.
 *
 * @param tiles - rows and columns of the row forms and of the column forms; all have the same columns, since they share
 *   packed panels
 */
export function tileSource({ row, column }) {
  if (row[1] !== column[1]) throw new Error("row and column tiles must have the same number of columns");
  const sizeOf = (name) => (name.startsWith("tileRow") ? row : column);
  return `// Written by scripts/build-kernels.mjs: do not edit.
import { multiplyAdd, zero } from "../vector";
import { ADD_RESIDUAL, copyTile, finishTile, MASK, maskDelta, RECTIFY, residualDelta, spill } from "../tile";

/** Columns of a register tile: the width of a packed panel. */
export const TILE_COLUMNS: u32 = ${row[1]};
/** Rows of a tile whose rows have a pointer each. */
export const ROW_TILE: u32 = ${row[0]};
/** Rows of a tile whose rows lie side by side. */
export const COLUMN_TILE: u32 = ${column[0]};

${Object.keys(forms)
  .map((name) => tiles(name, sizeOf(name)))
  .join("\n")}`;
}
