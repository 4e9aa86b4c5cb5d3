import type {
  BackpropWalk,
  BackwardLayer,
  NonLinearity,
  WalkEquation,
  WalkPartial,
  WalkStep,
} from "../../inspect/index.ts";
import { formatNumber } from "../../inspect/index.ts";
import { type Cell, columnWidth, formulaCell, Palette, padCell, plainCell } from "./formula.ts";
import type { Colors } from "./terminal.ts";

const nonLinearityFormulas: { readonly [N in NonLinearity]: string } = {
  sigmoid: "s(z) = 1 / (1 + e^-z)",
  tanh: "s(z) = tanh(z)",
  relu: "s(z) = max(z, 0)",
  gelu: "s(z) = z·Φ(z), with Φ the standard normal distribution and φ its density",
};

/** The walk as text for a screen. */
export function renderWalk(walk: BackpropWalk, colors: Colors): string {
  const palette = new Palette(colors, reusedNames(walk));
  const sections = [
    describeNet(walk),
    section("Forward: each layer from the one before", forwardLines(walk, palette), colors),
    section("Backward: how the cost C answers to each number, by the chain rule", [], colors) + backwardHelp,
    ...backwardLayers(walk, palette, colors),
    chainSection(walk, palette, colors),
    checkLine(walk, colors),
    section(
      `Gradient descent: w ← w - ${formatNumber(walk.learningRate)}·dC/dw, b ← b - ${formatNumber(walk.learningRate)}·dC/db`,
      stepLines(walk.steps),
      colors,
    ),
  ];
  return `${sections.filter((text) => text !== "").join("\n\n")}\n`;
}

/** The derivatives that later lines use again, in the order in which they are worked out. */
function reusedNames({ backward }: BackpropWalk): string[] {
  return [...new Set(backward.flatMap(({ partials }) => partials.flatMap(({ reuses }) => reuses)))];
}

const backwardHelp = `
  A number in [brackets] was worked out in a line before and is used again: that reuse is all there is to
  backpropagation. δ stands for dC/dz. On the right the same derivative as a central difference,
  (C(v + h) - C(v - h)) / 2h, and the relative error between the two.`;

function describeNet({ sizes, nonLinearity, parameters, input, target }: BackpropWalk): string {
  const numbers = (values: readonly number[]) => values.map(formatNumber).join(", ");
  const maps = sizes.slice(1).map((_, index) => `(w${index + 1}*+b${index + 1})`);
  return [
    `y = ${maps.reverse().join(" o s o ")}(x),  ${nonLinearityFormulas[nonLinearity]}`,
    `units ${sizes.join(" - ")}, ${parameters} parameters, x = ${numbers(input)}, target t = ${numbers(target)}`,
  ].join("\n");
}

function section(title: string, lines: readonly string[], colors: Colors): string {
  return [colors.bold(title), ...lines].join("\n");
}

function forwardLines({ forward, cost }: BackpropWalk, palette: Palette): string[] {
  const all = [...forward.flatMap(({ equations }) => equations), cost];
  return equationLines(all, palette);
}

function backwardLayers({ backward }: BackpropWalk, palette: Palette, colors: Colors): string[] {
  const lines = backward.flatMap(linesOf);
  const widths = widthsOf(lines, palette);
  return backward.map((layer) => {
    const rows = linesOf(layer).map((line) => equationLine(line, palette, widths) + checkOf(line, colors));
    return section(`Layer ${layer.layer}`, rows, colors);
  });
}

/** dC/da first, then s'(z), so that dC/dz comes right after its two factors. */
function linesOf({ slopes, partials }: BackwardLayer): (WalkEquation | WalkPartial)[] {
  const isState = ({ name }: WalkPartial) => name.startsWith("dC/da");
  return [...partials.filter(isState), ...slopes, ...partials.filter((partial) => !isState(partial))];
}

/** Widths of label, formula and numbers. Longer formulas push their line to the right rather than all lines. */
interface Widths {
  readonly label: number;
  readonly formula: number;
  readonly numbers: number;
}

function widthsOf(lines: readonly WalkEquation[], palette: Palette): Widths {
  const cells = (pick: (line: WalkEquation) => Cell) => lines.map(pick);
  return {
    label: columnWidth(
      cells(({ label }) => plainCell(label)),
      24,
    ),
    formula: columnWidth(
      cells(({ formula }) => formulaCell(formula, palette)),
      32,
    ),
    numbers: columnWidth(
      cells(({ numbers }) => formulaCell(numbers, palette)),
      44,
    ),
  };
}

function equationLines(lines: readonly WalkEquation[], palette: Palette): string[] {
  const widths = widthsOf(lines, palette);
  return lines.map((line) => equationLine(line, palette, widths));
}

const valueWidth = 12;

function equationLine(
  { name, label, formula, numbers, value }: WalkEquation,
  palette: Palette,
  widths: Widths,
): string {
  const painted = {
    text: label.replace(name, () => palette.paint(name, name)),
    width: plainCell(label).width,
  };
  const number = plainCell(formatNumber(value));
  const cells = [
    padCell(painted, widths.label),
    padCell(formulaCell(formula, palette), widths.formula),
    padCell(formulaCell(numbers, palette), widths.numbers),
    padCell({ ...number, text: palette.paint(name, number.text) }, valueWidth, "right"),
  ];
  return `  ${cells.join(" = ")}`;
}

function checkOf(line: WalkEquation | WalkPartial, colors: Colors): string {
  if (!("centralDifference" in line)) return "";
  const difference = formatNumber(line.centralDifference).padStart(valueWidth);
  const error = line.relativeError.toExponential(0).padStart(6);
  return `  ${colors.dim("|")} ${difference} ${error} ${line.agrees ? colors.green("✓") : colors.red("✗")}`;
}

/** The products in full, where all is scalar: each line begins with the line above it. */
function chainSection({ backward }: BackpropWalk, palette: Palette, colors: Colors): string {
  const partials = backward.flatMap(({ partials: all }) => all).filter(({ reuses }) => reuses.length > 0);
  if (partials.some(({ chain }) => chain === null)) return "";
  const chains = partials.filter(({ chain }) => chain?.added !== "");
  const width = columnWidth(
    chains.map(({ name }) => plainCell(name)),
    24,
  );
  const lines = chains.map(({ name, reuses, chain }) => {
    const reused = palette.paint(reuses[0], `[${chain?.reused}]`);
    return `  ${padCell(plainCell(name), width)} = ${reused}${chain?.added}`;
  });
  return section("The same products in full: what is in brackets is a line above", lines, colors);
}

function checkLine({ backward }: BackpropWalk, colors: Colors): string {
  const partials = backward.flatMap(({ partials: all }) => all);
  const failed = partials.filter(({ agrees }) => !agrees);
  const worst = Math.max(...partials.map(({ relativeError }) => relativeError)).toExponential(0);
  if (failed.length === 0) {
    return colors.green(
      `✓ all ${partials.length} derivatives agree with their central differences (worst relative error ${worst})`,
    );
  }
  const names = failed.map(({ name }) => name).join(", ");
  return colors.red(
    `✗ ${failed.length} of ${partials.length} derivatives differ from their central differences: ${names}.\n` +
      "  At a kink (relu at z = 0) there is no derivative to agree on; else try other numbers.",
  );
}

const shownSteps = 12;
const barWidth = 40;

function stepLines(steps: readonly WalkStep[]): string[] {
  const greatest = steps.reduce((most, { cost }) => (Number.isFinite(cost) ? Math.max(most, cost) : most), 0);
  const lines = pickSteps(steps).map(({ step, cost, output }) => {
    const share = greatest > 0 && Number.isFinite(cost) ? cost / greatest : 0;
    const y = output.map(formatNumber).join(", ");
    const start = `  step ${String(step).padStart(String(steps.length).length)}  C = ${formatNumber(cost).padEnd(valueWidth)}`;
    return `${start} ${"█".repeat(Math.round(share * barWidth)).padEnd(barWidth)}  y = ${y}`;
  });
  const last = steps[steps.length - 1].cost;
  if (Number.isFinite(last) && last <= steps[0].cost) return lines;
  return [...lines, "  The cost rose: the steps are too long here. Try a smaller --learning-rate."];
}

/** All steps when they are few, else some evenly spread ones, the first and the last among them. */
function pickSteps(steps: readonly WalkStep[]): WalkStep[] {
  if (steps.length <= shownSteps) return [...steps];
  const gap = (steps.length - 1) / (shownSteps - 1);
  return Array.from({ length: shownSteps }, (_, index) => steps[Math.round(index * gap)]);
}
