import type { CostAlong } from "../../lab/backprop.ts";
import { SelectField, SliderField } from "../../ui/controls.tsx";
import { useWidth } from "../../ui/use-width.ts";
import { exact, short } from "./format.ts";
import type { Net } from "./net.ts";

/** The cost as a function of one parameter: where the net is, and the derivative as the slope of the tangent there. */
export function CostSlope({ net }: { readonly net: Net }) {
  const [place, width] = useWidth();
  const picture = net.picture.value;
  if (picture === null) return null;
  const { along, walk } = picture;
  const names = [...walk.backward]
    .reverse()
    .flatMap(({ partials }) => partials.map(({ name }) => name.replace("dC/d", "")))
    .filter((name) => /^[wb]/.test(name));
  const { parameter, at, slope, values, next } = along;
  const place1 = names.filter((name) => name[0] === parameter[0]).indexOf(parameter);
  return (
    <div class="card">
      <h2>The cost along one parameter</h2>
      <SelectField
        label="Parameter"
        value={net.parameter.value}
        options={names.map((value) => ({ value, label: value }))}
        onChange={(value) => net.look(value)}
      />
      <div ref={place}>
        {width === 0 ? null : <Curve along={along} cost={walk.cost.value} width={width} />}
      </div>
      <SliderField
        label={parameter}
        value={at}
        min={values[0]}
        max={values[values.length - 1]}
        step={0.01}
        shown={short(at)}
        onChange={(value) =>
          net.setParameter(parameter.startsWith("w") ? "weights" : "biases", place1, value)
        }
      />
      <p class="soft">
        The tangent's slope is dC/d{parameter} = <output class="numbers">{exact(slope)}</output>. A step of{" "}
        {short(net.rate.value, 3)} times it leads to {parameter} = {short(next.value)}, where C ={" "}
        {short(next.cost)}
        {next.cost > walk.cost.value ? ": too far, the cost rises." : "."}
      </p>
    </div>
  );
}

interface CurveProps {
  readonly along: CostAlong;
  readonly cost: number;
  readonly width: number;
}

const height = 200;
const edge = { left: 44, right: 10, top: 14, bottom: 26 };

function Curve({ along, cost, width }: CurveProps) {
  const { parameter, at, slope, values, costs, next } = along;
  const first = values[0];
  const last = values[values.length - 1];
  const most = Math.max(cost, ...costs.filter(Number.isFinite)) * 1.04 || 1;
  const inside = { width: width - edge.left - edge.right, height: height - edge.top - edge.bottom };
  const x = (value: number) => edge.left + (inside.width * (value - first)) / (last - first);
  const y = (value: number) => edge.top + inside.height * (1 - value / most);
  const line = values.map((value, index) => `${x(value).toFixed(1)} ${y(costs[index]).toFixed(1)}`);
  // The tangent is as long in pixels wherever it lies.
  const run = 46 / Math.hypot(inside.width / (last - first), (slope * inside.height) / most);
  const seen = next.value >= first && next.value <= last && next.cost <= most;
  return (
    <svg
      class="curve"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`C as a function of ${parameter}: at ${short(at)} it is ${short(cost)}, with slope ${short(slope)}`}
    >
      <defs>
        <clipPath id="curve-inside">
          <rect x={edge.left} y={edge.top - 6} width={inside.width} height={inside.height + 7} />
        </clipPath>
      </defs>
      {[0, 0.5, 1].map((share) => (
        <g key={share} class="grid">
          <line x1={edge.left} x2={width - edge.right} y1={y(share * most)} y2={y(share * most)} />
          <text x={edge.left - 6} y={y(share * most) + 4} text-anchor="end">
            {short(share * most, 2)}
          </text>
        </g>
      ))}
      {[first, 0, last].map((value) => (
        <text
          key={value}
          class="tick"
          x={x(value)}
          y={height - 10}
          text-anchor={value === first ? "start" : value === last ? "end" : "middle"}
        >
          {value === 0 ? parameter : short(value)}
        </text>
      ))}
      <g clip-path="url(#curve-inside)">
        <path class="cost" d={`M${line.join("L")}`} />
        <line
          class="tangent"
          x1={x(at - run)}
          y1={y(cost - slope * run)}
          x2={x(at + run)}
          y2={y(cost + slope * run)}
        />
        {seen ? (
          <>
            <line class="leap" x1={x(at)} y1={y(cost)} x2={x(next.value)} y2={y(next.cost)} />
            <circle class="next" cx={x(next.value)} cy={y(next.cost)} r="5" />
          </>
        ) : null}
        <circle class="here" cx={x(at)} cy={y(cost)} r="5" />
      </g>
      <text class="label" x={edge.left + 6} y={edge.top + 4}>
        C
      </text>
    </svg>
  );
}
