import type { BackpropWalk, ChainPath } from "fovea";
import type { NetPicture } from "../../lab/backprop.ts";
import { short } from "./format.ts";

interface WideDrawingProps {
  readonly picture: NetPicture;
  readonly width: number;
  /** The weight whose derivative is looked at: `w1[2,1]`. */
  readonly parameter: string;
  /** The ways of it that are lit, each from the cost back to the weight. */
  readonly lit: readonly ChainPath[];
  readonly onChoose: (parameter: string) => void;
}

interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly half: number;
}

const rowGap = 92;
const boxHeight = 40;
/** Drawings that are less wide have smaller boxes, and no names at lines. */
const narrow = 520;

/** Two layers of three units: every weight is a line that can be chosen, and its ways to the cost light up. */
export function WideDrawing({ picture: { walk }, width, parameter, lit, onChoose }: WideDrawingProps) {
  const values = valuesOf(walk);
  const isNarrow = width < narrow;
  const { height, x, z, y, cost } = placesOf(walk, width);
  const factors = new Set(lit.flatMap((path) => path.factors.map(({ of, by }) => `${of}<${by}`)));
  const chosen = /^w(\d)\[(\d),(\d)\]$/.exec(parameter);
  const weights = [
    ...z.flatMap((to, j) => x.map((from, i) => ({ from, to, name: `w1[${j + 1},${i + 1}]`, layer: 1 }))),
    ...y.flatMap((to, k) => z.map((from, j) => ({ from, to, name: `w2[${k + 1},${j + 1}]`, layer: 2 }))),
  ];
  const isLit = (name: string, from: Box, to: Box) =>
    factors.has(`${to.name}<${name}`) || factors.has(`${to.name}<${from.name.replace("z1", "a1")}`);
  const known = (to: Box) => factors.has(`C<${to.name}`);
  return (
    <svg
      class="net wide-net"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`Two inputs, three units, three outputs. Lit: ${lit.length === 1 ? "one way" : `${lit.length} ways`} from the cost back to ${parameter}.`}
    >
      {weights.map(({ name, from, to }) => (
        <WeightLine
          key={name}
          name={name}
          from={from}
          to={to}
          isChosen={name === parameter}
          isLit={isLit(name, from, to)}
          onChoose={onChoose}
        />
      ))}
      {y.map((from) => (
        <line
          key={from.name}
          class={`wire ${known(from) ? "known" : ""}`}
          data-edge={`C<${from.name}`}
          x1={from.x + from.half}
          y1={from.y}
          x2={cost.x - cost.half}
          y2={cost.y}
        />
      ))}
      {x.map((box) => (
        <Unit
          key={box.name}
          box={box}
          texts={[[box.name, values.get(box.name)]]}
          mark={chosen?.[1] === "1" && factors.size > 0 && box.name === `x[${chosen[3]}]` ? "added" : ""}
        />
      ))}
      {z.map((box, index) => {
        const a = `a1[${index + 1}]`;
        const through = factors.has(`${a}<${box.name}`);
        const weighs = chosen?.[1] === "2" && factors.size > 0 && chosen[3] === String(index + 1);
        return (
          <Unit
            key={box.name}
            box={box}
            texts={[
              [box.name, values.get(box.name)],
              [a, values.get(a)],
            ]}
            mark={through || weighs ? "added" : ""}
          />
        );
      })}
      {y.map((box) => (
        <Unit
          key={box.name}
          box={box}
          texts={[[box.name, values.get(box.name)]]}
          mark={known(box) ? "known" : ""}
        />
      ))}
      <Unit box={cost} texts={[["C", values.get("C")]]} mark="" />
      {isNarrow
        ? null
        : weights
            .filter(({ name, from, to }) => isLit(name, from, to))
            .map(({ name, from, to }) => (
              <WeightLabel key={name} name={name} from={from} to={to} value={values.get(name)} />
            ))}
    </svg>
  );
}

/** Every number of the net by its name, weights too, which the walk has in a row. */
function valuesOf({ forward, cost, input, weights, sizes }: BackpropWalk): ReadonlyMap<string, number> {
  const lines = [...forward.flatMap(({ equations }) => equations), cost];
  const values = new Map(lines.map(({ name, value }) => [name, value]));
  for (const [index, value] of input.entries()) values.set(`x[${index + 1}]`, value);
  const [inputs, units] = sizes;
  for (const [index, value] of weights.entries()) {
    const layer = index < units * inputs ? 1 : 2;
    const place = layer === 1 ? index : index - units * inputs;
    const columns = layer === 1 ? inputs : units;
    values.set(`w${layer}[${Math.floor(place / columns) + 1},${(place % columns) + 1}]`, value);
  }
  return values;
}

/** A column of boxes for the inputs, for the units, for the outputs, and one for the cost. */
function placesOf({ sizes }: BackpropWalk, width: number) {
  const [inputs, units, outputs] = sizes;
  const isNarrow = width < narrow;
  const half = isNarrow ? { x: 24, z: 44, y: 26, cost: 24 } : { x: 30, z: 62, y: 34, cost: 30 };
  const height = rowGap * 3 + 20;
  const column = (name: string, count: number, x: number, boxHalf: number): Box[] =>
    Array.from({ length: count }, (_, index) => ({
      name: count === 1 ? name : `${name}[${index + 1}]`,
      x,
      y: height / 2 + (index - (count - 1) / 2) * rowGap,
      half: boxHalf,
    }));
  const [cost] = column("C", 1, width - half.cost - 2, half.cost);
  return {
    height,
    x: column("x", inputs, half.x + 2, half.x),
    z: column("z1", units, width * (isNarrow ? 0.37 : 0.36), half.z),
    y: column("y", outputs, width * 0.68, half.y),
    cost,
  };
}

interface WeightLineProps {
  readonly name: string;
  readonly from: Box;
  readonly to: Box;
  readonly isChosen: boolean;
  readonly isLit: boolean;
  readonly onChoose: (parameter: string) => void;
}

function WeightLine({ name, from, to, isChosen, isLit, onChoose }: WeightLineProps) {
  const ends = { x1: from.x + from.half, y1: from.y, x2: to.x - to.half, y2: to.y };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut; the matrices beside it do it by keyboard.
    <g
      class={`weight ${isLit ? "lit" : ""} ${isChosen ? "chosen" : ""}`}
      data-edge={name}
      onClick={() => onChoose(name)}
    >
      <title>{name}</title>
      <line class="reach" {...ends} />
      <line class="wire" {...ends} />
    </g>
  );
}

/** A weight's name and number on its line, nearer to where it leads, as lines cross less there. */
function WeightLabel(props: {
  readonly name: string;
  readonly value: number | undefined;
  readonly from: Box;
  readonly to: Box;
}) {
  const { name, value, from, to } = props;
  const start = from.x + from.half;
  const x = start + (to.x - to.half - start) * 0.58;
  const y = from.y + (to.y - from.y) * 0.58;
  return (
    <g class="badge added">
      <rect x={x - 33} y={y - 16} width="66" height="32" rx="5" />
      <text x={x} y={y - 3}>
        {name}
      </text>
      <text class="value" x={x} y={y + 11}>
        {value === undefined ? "" : short(value, 3)}
      </text>
    </g>
  );
}

interface UnitProps {
  readonly box: Box;
  readonly texts: readonly (readonly [name: string, value: number | undefined])[];
  readonly mark: "added" | "known" | "";
}

/** A unit: its z, and its a beside it where it has one. */
function Unit({ box, texts, mark }: UnitProps) {
  const { x, y, half } = box;
  const share = (2 * half) / texts.length;
  return (
    <g class={`node unit ${mark}`} data-node={box.name}>
      <rect x={x - half} y={y - boxHeight / 2} width={2 * half} height={boxHeight} rx="9" />
      {texts.length === 1 ? null : (
        <line class="divide" x1={x} x2={x} y1={y - boxHeight / 2} y2={y + boxHeight / 2} />
      )}
      {texts.map(([name, value], index) => (
        <g key={name}>
          <text class="name" x={x - half + share * (index + 0.5)} y={y - 4}>
            {name}
          </text>
          <text class="value" x={x - half + share * (index + 0.5)} y={y + 12}>
            {value === undefined ? "" : short(value, 3)}
          </text>
        </g>
      ))}
    </g>
  );
}
