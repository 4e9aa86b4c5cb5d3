import { numberText } from "./numbers.ts";
import * as state from "./state.ts";

/** Height of a row of the list, which the curve runs through. */
const rowHeight = 24;
const curveWidth = 104;

/** How far two images are apart at each layer: numbers, and a curve that runs down through the layers. */
export function Distances() {
  const rows = state.layers.value.flatMap(({ name }) => {
    const distance = state.ranges.value.get(name)?.distance;
    return distance === null || distance === undefined ? [] : [{ name, ...distance }];
  });
  if (rows.length === 0) return null;
  const most = Math.max(1, ...rows.map(({ euclidean }) => euclidean));
  const places = rows.map(({ euclidean }, index) => ({
    x: 4 + (euclidean / most) * (curveWidth - 8),
    y: (index + 0.5) * rowHeight,
  }));
  return (
    <section class="card distances" aria-label="Distances">
      <h2>How far apart the two images are</h2>
      <div class="list">
        <svg
          width={curveWidth}
          height={rows.length * rowHeight}
          aria-hidden="true"
          style={{ gridRow: `2 / span ${rows.length}`, gridColumn: 2 }}
        >
          <line class="edge" x1={4} x2={4} y1={0} y2={rows.length * rowHeight} />
          <polyline points={places.map(({ x, y }) => `${x},${y}`).join(" ")} />
          {places.map(({ x, y }, index) => (
            <circle key={rows[index].name} cx={x} cy={y} r={3.5} />
          ))}
        </svg>
        <span class="head">Layer</span>
        <span class="head">0 to {numberText(most, 1)}</span>
        <span class="head number">Distance</span>
        <span class="head number">1 − cosine</span>
        {rows.map(({ name, euclidean, cosine }, index) => (
          <Row key={name} name={name} euclidean={euclidean} cosine={cosine} at={index + 2} />
        ))}
      </div>
      <p class="soft">
        <small>
          Distance |a − b| / √(|a|² + |b|²): 0 of equal maps, 1 of maps that have nothing in common.
        </small>
      </p>
    </section>
  );
}

interface RowProps {
  readonly name: string;
  readonly euclidean: number;
  readonly cosine: number;
  readonly at: number;
}

function Row({ name, euclidean, cosine, at }: RowProps) {
  return (
    <>
      <span class="name" style={{ gridRow: at, gridColumn: 1 }}>
        {name}
      </span>
      <span class="number numbers" data-distance={name} style={{ gridRow: at, gridColumn: 3 }}>
        {euclidean.toFixed(3)}
      </span>
      <span class="number numbers soft" style={{ gridRow: at, gridColumn: 4 }}>
        {cosine.toFixed(3)}
      </span>
    </>
  );
}
