import type { NetPicture } from "../../lab/backprop.ts";
import { short } from "./format.ts";
import {
  type Edge,
  layoutOf,
  lineOf,
  type Placed,
  type Point,
  parameterHalf,
  stateRadius,
} from "./scalar-layout.ts";
import { numberOf, type WalkStep } from "./steps.ts";

interface ScalarDrawingProps {
  readonly picture: NetPicture;
  readonly steps: readonly WalkStep[];
  readonly at: number;
  readonly width: number;
  /** The parameter that is looked at, and what to call when another is pressed. */
  readonly parameter: string;
  readonly onChoose: (parameter: string) => void;
}

/** How an edge takes part in a step. */
type Part = "known" | "added" | "forward" | "idle";

/** The net with one unit a layer: numbers in the nodes, derivatives beside them, the chain along the edges. */
export function ScalarDrawing({ picture, steps, at, width, parameter, onChoose }: ScalarDrawingProps) {
  const layout = layoutOf(picture.walk.sizes.length - 1, width);
  const step = steps[at];
  const values = valuesOf(picture, steps.slice(0, at + 1));
  const derivatives = new Map(
    steps.slice(0, at + 1).flatMap(({ partial }) => (partial === null ? [] : [[numberOf(partial), partial]])),
  );
  const part = (edge: Edge): Part => {
    const isKey = ({ of, by }: { readonly of: string; readonly by: string }) => edge.key === `${of}<${by}`;
    if (step.added !== null && isKey(step.added)) return "added";
    if (step.prefix.some(isKey)) return "known";
    return step.phase === "forward" && edge.to.name === step.name ? "forward" : "idle";
  };
  const factors = step.added === null ? [] : [...step.prefix, step.added];
  return (
    <svg
      class="net"
      width={layout.width}
      height={layout.height}
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      role="img"
      aria-label={`The net: ${layout.nodes.map(({ name }) => name).join(", ")}. ${step.sentence}`}
    >
      <defs>
        {["forward", "idle", "known", "added"].map((kind) => (
          <marker
            key={kind}
            id={`tip-${kind}`}
            viewBox="0 0 8 8"
            refX="6"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0 8 4 0 8z" class={`tip ${kind}`} />
          </marker>
        ))}
      </defs>
      {layout.edges.map((edge) => (
        <EdgeLine key={edge.key} edge={edge} part={part(edge)} />
      ))}
      {layout.nodes.map((node) => (
        <NodeMark
          key={node.name}
          node={node}
          value={values.get(node.name) ?? null}
          isNew={step.phase === "forward" && step.name === node.name}
          isChosen={node.name === parameter}
          onChoose={node.kind === "parameter" && node.name !== "t" ? onChoose : null}
        />
      ))}
      {layout.nodes.map((node) => {
        const derivative = derivatives.get(node.name);
        if (derivative === undefined) return null;
        return (
          <Badge
            key={node.name}
            at={node.badge}
            lines={[derivative.name, short(derivative.value)]}
            kind={derivative.name === step.name ? "result" : "done"}
          />
        );
      })}
      {factors.map((factor) => {
        const edge = layout.edges.find(({ key }) => key === `${factor.of}<${factor.by}`);
        if (edge === undefined) return null;
        const kind = factor === step.added ? "added" : "known";
        return (
          <Badge key={edge.key} at={edge.factorAt} lines={[factor.text, short(factor.value)]} kind={kind} />
        );
      })}
    </svg>
  );
}

/** The numbers that are known by now: all going backward. */
function valuesOf({ walk }: NetPicture, done: readonly WalkStep[]): Map<string, number> {
  const values = new Map<string, number>([["t", walk.target[0]]]);
  for (const [index, value] of walk.weights.entries()) values.set(`w${index + 1}`, value);
  for (const [index, value] of walk.biases.entries()) values.set(`b${index + 1}`, value);
  for (const { phase, name, value } of done) if (phase === "forward") values.set(name, value);
  return values;
}

function EdgeLine({ edge, part }: { readonly edge: Edge; readonly part: Part }) {
  const [start, end] = lineOf(edge);
  const backward = part === "known" || part === "added";
  // Going backward the arrow points from the cost to what it answers to.
  const [from, to] = backward ? [end, start] : [start, end];
  return (
    <g class={`edge ${part}`} data-edge={edge.key}>
      <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} marker-end={`url(#tip-${part})`} />
      {edge.map === null ? null : (
        <text
          x={edge.mapAt.x}
          y={edge.mapAt.y}
          style={{ textAnchor: edge.mapAt.x === edge.from.x + 8 ? "start" : "middle" }}
        >
          {edge.map}
        </text>
      )}
    </g>
  );
}

interface NodeMarkProps {
  readonly node: Placed;
  readonly value: number | null;
  readonly isNew: boolean;
  readonly isChosen: boolean;
  readonly onChoose: ((parameter: string) => void) | null;
}

function NodeMark({ node, value, isNew, isChosen, onChoose }: NodeMarkProps) {
  const { x, y, name, kind } = node;
  const looks = ["node", kind, isNew ? "new" : "", value === null ? "unknown" : "", isChosen ? "chosen" : ""];
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut; the field below the drawing does it by keyboard.
    <g
      class={looks.join(" ")}
      data-node={name}
      style={onChoose === null ? undefined : { cursor: "pointer" }}
      onClick={onChoose === null ? undefined : () => onChoose(name)}
    >
      {kind === "state" ? (
        <circle cx={x} cy={y} r={stateRadius} />
      ) : (
        <rect
          x={x - parameterHalf.x}
          y={y - parameterHalf.y}
          width={2 * parameterHalf.x}
          height={2 * parameterHalf.y}
          rx="6"
        />
      )}
      <text class="name" x={x} y={y - 4}>
        {name}
      </text>
      <text class="value" x={x} y={y + 11}>
        {value === null ? "?" : short(value, 3)}
      </text>
    </g>
  );
}

interface BadgeProps {
  readonly at: Point;
  readonly lines: readonly [name: string, value: string];
  readonly kind: "result" | "done" | "known" | "added";
}

/** A name and its number on a small card. */
function Badge({ at, lines, kind }: BadgeProps) {
  const longest = Math.max(...lines.map(({ length }) => length));
  const width = Math.max(40, 6.7 * longest + 12);
  return (
    <g class={`badge ${kind}`} data-badge={lines[0]}>
      <rect x={at.x - width / 2} y={at.y - 17} width={width} height="34" rx="5" />
      <text x={at.x} y={at.y - 3}>
        {lines[0]}
      </text>
      <text class="value" x={at.x} y={at.y + 11}>
        {lines[1]}
      </text>
    </g>
  );
}
