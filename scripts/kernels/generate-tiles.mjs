/**
 * Writes the register tiles of the matrix product: straight-line AssemblyScript that no one should write by hand,
 * for a tile of R rows by C columns (C a multiple of 4). Each form computes c[i][j] (+)= sum over k of a[i][k] b[k][j]
 * and differs in how it finds a:
 *
 *   tileRows           row i lies i * `aStride` bytes from `a`, or where row `lastRow` lies if that is less; its elements
 *                      lie side by side
 *   tileRowOffsets     row i has its own pointer, and element k lies `offsets[k]` bytes from it: the patches of a
 *                      convolution, read where they are (a row is an output pixel and an offset a kernel position, or
 *                      the other way around)
 *   tilePatches        as tileRowOffsets, with rows of b `bStep` bytes apart
 *   tilePlanes         a packed ([k][R]), and row k of b lies `offsets[k]` bytes from `b`: a convolution with few output
 *                      channels (the rows), whose columns are pixels side by side in planes, one for each input channel
 *   tileDepthwise      c[i][j] (+)= sum over k of a[i][k][j] b[k][j]: row i has its own pointer, and `pairs` says where a lies
 *                      from there for each k, and where b: a convolution whose channels do not mix
 *   tileDots           sums of products of vectors: R rows of a and C / 8 rows of b have a pointer each, and all run along k.
 *                      Each sum is 8 sums, one for every eighth k, which lie side by side in c. It is only added to c
 *   tileAbreast        the same with R rows of a that lie side by side, 8 floats each, and 2 rows of b; each has C / 2 floats in
 *                      a step, one for every eighth image, and each has its own way from one k to the next
 *   tileColumns        a transposed: the R elements of one k lie side by side, `aStep` bytes from k to k + 1
 *   tileSparse         one row, of which `entries` lists the elements that are not zero, with the place of each in b: pairs of
 *                      a float and a byte offset. Its sums take as many registers as the others', so it is R * C columns
 *                      wide, and so are its panels of b
 *
 * b has rows of at least C floats, `bStep` bytes apart in the column forms and packed ([k][C]) in those of rows. With tiles
 * of 16 columns, each form has a half-wide twin for what is left at the right edge: it reads the same panels.
 *
 * An accumulator lives in a local for each row and each 4 columns: R * C / 4 of them, C / 4 of b and one of a. V8 gives 15
 * vector registers on x64, so 6 x 8 is the largest tile there is with vectors of 128 bits. Where V8 joins neighbouring
 * vectors into 256 bits (`--experimental-wasm-revectorize`), 6 x 16 takes the same 15 registers: it finds the pairs from
 * the stores at the end upwards, through the loop to the loads, so both halves of a pair must be treated alike.
 *
 * Pointers that stay as they are in the loop are loaded from a table: sums that are worked out here, V8 11.3 works out again
 * for each k.
 *
 * There is one loop, and it is not unrolled: a nest of two loops or a body unrolled by hand makes the register allocator
 * spill accumulators. TurboFan (V8 before 12) unrolls by itself, with the same effect on 6 x 8 (34 in place of 72 GFLOP/s
 * on one core; 4 x 8 keeps 64): `tuneV8` turns that off where it can, and elsewhere start-up measures and takes 4 x 8.
 */

const range = (count) => Array.from({ length: count }, (_, index) => index);

/**
 * The lines of a step in which a is no number but as many as b: load b, then a's vectors one after the other (`halves` of
 * them for a row), each with its multiply-adds.
 */
function vectorStep(rows, vectors, { halves, aAddress, bAddress }) {
  const lines = range(vectors).map((v) => `b${v} = v128.load(${bAddress(v)});`);
  for (const i of range(rows)) {
    for (const half of range(halves)) {
      lines.push(`a = v128.load(${aAddress(i, half)});`);
      for (let v = half; v < vectors; v += halves)
        lines.push(`c${i}${v} = multiplyAdd(a, b${v}, c${i}${v});`);
    }
  }
  return lines;
}

/** The lines of one k: load b, then a broadcast and C / 4 multiply-adds for every row. */
function step(rows, vectors, aAddress, bAddress) {
  const lines = range(vectors).map((v) => `b${v} = v128.load(${bAddress(v)});`);
  for (const i of range(rows)) {
    lines.push(`a = v128.load32_splat(${aAddress(i)});`);
    for (const v of range(vectors)) lines.push(`c${i}${v} = multiplyAdd(a, b${v}, c${i}${v});`);
  }
  return lines;
}

const offset = (half) => (half === 0 ? "" : `, ${16 * half}`);

const indent = (lines, depth) => lines.map((line) => `${"  ".repeat(depth)}${line}`).join("\n");

/** What tells the forms apart: parameters that locate a and b, set-up, addresses within one k, and the way to the next. */
const forms = {
  tileRows: (rows) => ({
    parameters: "aFirst: usize, aStride: usize, lastRow: u32, kCount: u32, b: usize",
    setUp: range(rows).map((i) => `let r${i}: usize = aFirst + min<u32>(${i}, lastRow) * aStride;`),
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
  tilePatches: (rows) => ({
    ...forms.tileRowOffsets(rows),
    parameters: "rowPointers: usize, offsets: usize, kCount: u32, b: usize, bStep: usize",
    advance: () => ["offsets += 4;", "b += bStep;"],
  }),
  tilePlanes: (rows) => ({
    parameters: "aFirst: usize, offsets: usize, kCount: u32, b: usize",
    setUp: [],
    locate: ["const at: usize = b + load<u32>(offsets);"],
    a: (i) => `aFirst, ${4 * i}`,
    b: (v) => `at, ${16 * v}`,
    advance: () => [`aFirst += ${4 * rows};`, "offsets += 4;"],
  }),
  tileDepthwise: (rows) => ({
    parameters: "rowPointers: usize, column: usize, pairs: usize, kCount: u32, b: usize",
    setUp: range(rows).map((i) => `const r${i}: usize = load<u32>(rowPointers, ${4 * i});`),
    locate: ["const at: usize = column + load<u32>(pairs);", "const bAt: usize = b + load<u32>(pairs, 4);"],
    step: (vectors) =>
      vectorStep(rows, vectors, {
        halves: vectors,
        aAddress: (i, half) => `r${i} + at${offset(half)}`,
        bAddress: (v) => `bAt, ${16 * v}`,
      }),
    advance: () => ["pairs += 8;"],
  }),
  tileDots: (rows, columns) => ({
    parameters: "rowPointers: usize, columnPointers: usize, kCount: u32",
    setUp: [
      ...range(rows).map((i) => `const r${i}: usize = load<u32>(rowPointers, ${4 * i});`),
      ...range(columns / 8).map((j) => `const q${j}: usize = load<u32>(columnPointers, ${4 * j});`),
      "let at: usize = 0;",
    ],
    locate: [],
    step: (vectors) =>
      vectorStep(rows, vectors, {
        halves: 2,
        aAddress: (i, half) => `r${i} + at${offset(half)}`,
        bAddress: (v) => `q${v >> 1} + at${v % 2 === 0 ? "" : ", 16"}`,
      }),
    advance: () => ["at += 32;"],
    ends: ["Add"],
  }),
  tileAbreast: (rows, columns) => ({
    parameters: "a0: usize, aStep: usize, columnPointers: usize, bStep: usize, kCount: u32",
    setUp: [0, 1].map((j) => `let q${j}: usize = load<u32>(columnPointers, ${4 * j});`),
    locate: [],
    step: (vectors) =>
      vectorStep(rows, vectors, {
        halves: columns / 8,
        aAddress: (i, half) => `a0, ${32 * i + 16 * half}`,
        bAddress: (v) => `q${Math.floor((8 * v) / columns)}${offset(v % (columns / 8))}`,
      }),
    advance: () => ["a0 += aStep;", "q0 += bStep;", "q1 += bStep;"],
    ends: ["Add"],
  }),
  tileColumns: () => ({
    parameters: "aFirst: usize, aStep: usize, kCount: u32, b: usize, bStep: usize",
    setUp: [],
    locate: [],
    a: (i) => `aFirst, ${4 * i}`,
    advance: () => ["aFirst += aStep;", "b += bStep;"],
  }),
};

const names = (parameters) => parameters.split(", ").map((parameter) => parameter.split(":")[0]);

/**
 * The loop of a tile: accumulators start as what `target` holds (Add) or as `initial`, a row of floats that all rows
 * start from (From), and are stored as they are. Nothing else is in the function: an accumulator that is changed between
 * the loop and its store, or that starts as one of two things, costs V8 11.3 its registers and V8 13.6 its pairs.
 */
function core(name, form, { rows, columns, panelColumns }) {
  const vectors = columns / 4;
  const accumulators = range(rows).flatMap((i) => range(vectors).map((v) => ({ i, v, name: `c${i}${v}` })));
  const adds = name.endsWith("Add");
  const start = ({ i, v }) => (adds ? `v128.load(target + ${i} * targetStride, ${16 * v})` : `b${v}`);
  const body = [
    ...form.locate,
    ...(form.step?.(vectors) ?? step(rows, vectors, form.a, form.b ?? ((v) => `b, ${16 * v}`))),
    ...form.advance(4 * panelColumns),
  ];
  const before = [
    ...form.setUp,
    "let a: v128 = zero();",
    ...range(vectors).map((v) => `let b${v}: v128 = ${adds ? "zero()" : `v128.load(initial, ${16 * v})`};`),
    ...accumulators.map((at) => `let ${at.name}: v128 = ${start(at)};`),
  ];
  const after = accumulators.map(
    ({ i, v, name }) => `v128.store(target + ${i} * targetStride, ${name}, ${16 * v});`,
  );
  return `export function ${name}(
  ${form.parameters}, target: usize, targetStride: usize${adds ? "" : ", initial: usize"},
): void {
${indent(before, 1)}
  for (let k: u32 = kCount; k != 0; k--) {
${indent(body, 2)}
  }
${indent(after, 1)}
}
`;
}

/** Runs a core on the tile of c, or on the spill where the tile reaches beyond the valid part of c. */
function call(name, form, { rows, columns, panelColumns }) {
  const given = names(form.parameters).join(", ");
  return [
    `const whole = rowsValid == ${rows} && columnsValid == ${columns};`,
    "const target = whole ? c : spill;",
    `const targetStride: usize = whole ? cStride : ${4 * columns};`,
    "if (accumulate) {",
    "  if (!whole) copyTile(c, cStride, spill, targetStride, rowsValid, columnsValid);",
    `  ${name}Add(${given}, target, targetStride);`,
    "} else {",
    `  ${name}From(${given}, target, targetStride, bias ? bias : zeros);`,
    "}",
    "if (!whole) finishTile(spill, targetStride, c, cStride, rowsValid, columnsValid, finish);",
    `else if (finish) ${columns === panelColumns ? "finishWhole" : "finishHalf"}(c, cStride, finish);`,
  ];
}

/**
 * Finishes a whole tile that has just been stored (see kernels/tile.ts). It is still in L1; what is usual, a rectifier or
 * the gate of one, with or without a residual, is written out.
 */
function finish(name, rows, columns) {
  const vectors = range(columns / 4);
  // All loads of a row come before its stores, so that V8 can join them.
  const row = (value, end) => (i) => [
    `at = c + ${i} * cStride;`,
    ...vectors.map((v) => `x${v} = ${value(`v128.load(at, ${16 * v})`, 16 * v)};`),
    ...vectors.map((v) => `x${v} = ${end(`x${v}`, 16 * v)};`),
    ...vectors.map((v) => `v128.store(at, x${v}, ${16 * v});`),
  ];
  const own = (x) => x;
  const sum = (x, offset) => `f32x4.add(${x}, v128.load(at + residualDelta, ${offset}))`;
  const rectified = (x) => `f32x4.pmax(${x}, floor)`;
  const limited = (x) => `f32x4.pmin(f32x4.pmax(${x}, floor), highest)`;
  const gated = (x, offset) => `v128.and(${x}, f32x4.gt(v128.load(at + maskDelta, ${offset}), floor))`;
  // The mask is read twice: a name for it would be a value that V8 does not join.
  const gatedBelow = (x, offset) =>
    `v128.and(${gated(x, offset)}, f32x4.lt(v128.load(at + maskDelta, ${offset}), highest))`;
  const lines = (value, end) => indent(range(rows).flatMap(row(value, end)), 2);
  return `export function ${name}(c: usize, cStride: usize, finish: u32): void {
  const floor = zero();
  const highest = f32x4.splat(ceiling);
  let at: usize = 0;
${indent(
  vectors.map((v) => `let x${v}: v128 = floor;`),
  1,
)}
  if (finish == RECTIFY) {
${lines(own, rectified)}
  } else if (finish == (ADD_RESIDUAL | RECTIFY)) {
${lines(sum, rectified)}
  } else if (finish == MASK) {
${lines(own, gated)}
  } else if (finish == (ADD_RESIDUAL | MASK)) {
${lines(sum, gated)}
  } else if (finish == ADD_RESIDUAL) {
${lines(sum, own)}
  } else if (finish == (RECTIFY | LIMIT)) {
${lines(own, limited)}
  } else if (finish == (MASK | LIMIT)) {
${lines(own, gatedBelow)}
  } else {
    finishTile(c, cStride, c, cStride, ${rows}, ${columns}, finish);
  }
}
`;
}

/** A form of the tile: its cores, those of half its width where tiles have 16 columns, and the function that picks. */
function tile(name, [rows, columns]) {
  const form = forms[name](rows, columns);
  const whole = { rows, columns, panelColumns: columns };
  const half = { rows, columns: columns / 2, panelColumns: columns };
  const hasHalf = columns >= 16;
  if (form.ends) return form.ends.map((end) => core(`${name}${end}`, form, whole)).join("\n");
  const coresOf = (prefix, size) => ["From", "Add"].map((end) => core(`${prefix}${end}`, form, size));
  const cores = [...coresOf(name, whole), ...(hasHalf ? coresOf(`${name}Half`, half) : [])];
  const narrow = hasHalf
    ? [
        `if (columnsValid <= ${columns / 2}) {`,
        ...call(`${name}Half`, form, half).map((line) => `  ${line}`),
        "  return;",
        "}",
      ]
    : [];
  return `${cores.join("\n")}
export function ${name}(
  ${form.parameters},
  c: usize, cStride: usize, rowsValid: u32, columnsValid: u32, accumulate: bool, bias: usize, finish: u32,
): void {
${indent([...narrow, ...call(name, form, whole)], 1)}
}
`;
}

/** The loop of the sparse tile, from the floats at `initial`, which may be the target itself. */
function sparseCore(name, columns) {
  const vectors = range(columns / 4);
  const body = [
    "a = v128.load32_splat(entries);",
    "const at: usize = b + load<u32>(entries, 4);",
    ...vectors.map((v) => `c${v} = multiplyAdd(a, v128.load(at, ${16 * v}), c${v});`),
    "entries += 8;",
  ];
  const before = [
    "let a: v128 = zero();",
    ...vectors.map((v) => `let c${v}: v128 = v128.load(initial, ${16 * v});`),
  ];
  return `export function ${name}(entries: usize, count: u32, b: usize, target: usize, initial: usize): void {
${indent(before, 1)}
  for (let k: u32 = count; k != 0; k--) {
${indent(body, 2)}
  }
${indent(
  vectors.map((v) => `v128.store(target, c${v}, ${16 * v});`),
  1,
)}
}
`;
}

/**
 * Source of the module that holds all forms of the tile.
 *
 * @param tiles - rows and columns of the row forms and of the column forms; all have the same columns, since they share
 *   packed panels
 */
export function tileSource({ row, column }) {
  if (row.join() !== column.join()) throw new Error("row and column tiles must be of one size");
  const sizeOf = (name) => (name.startsWith("tileColumn") ? column : row);
  return `// Written by scripts/build-kernels.mjs: do not edit.
import { multiplyAdd, zero } from "../vector";
import { ADD_RESIDUAL, ceiling, copyTile, finishTile, LIMIT, MASK, maskDelta, RECTIFY, residualDelta, spill, zeros } from "../tile";

/** Columns of a register tile: the width of a packed panel. */
export const TILE_COLUMNS: u32 = ${row[1]};
/** Rows of a tile whose rows have a pointer each. */
export const ROW_TILE: u32 = ${row[0]};
/** Rows of a tile whose rows lie side by side. */
export const COLUMN_TILE: u32 = ${column[0]};
/** Columns of the sparse tile: the width of its panels. */
export const SPARSE_COLUMNS: u32 = ${row[0] * row[1]};

${finish("finishWhole", ...row)}
${row[1] >= 16 ? finish("finishHalf", row[0], row[1] / 2) : ""}
${Object.keys(forms)
  .map((name) => tile(name, sizeOf(name)))
  .join("\n")}
${sparseCore("tileSparse", row[0] * row[1])}
${sparseCore("tileSparseHalf", (row[0] * row[1]) / 2)}`;
}
