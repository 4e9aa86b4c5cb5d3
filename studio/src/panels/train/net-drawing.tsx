import type { NetworkReport } from "../../lab/train/types.ts";
import { shape } from "./format.ts";

/** Height of the drawing, and how much of it a map of the image's size takes. */
const height = 92;
const tallest = 58;
/** Width of a layer's place. */
const place = 44;
/** Layers that are drawn one by one; of more, only those that change the shape. */
const mostBoxes = 24;

interface Box {
  readonly name: string;
  readonly shape: readonly number[] | null;
  readonly isWrong: boolean;
}

/**
 * A network from left to right: maps as sheets, as high as they are on a scale of square roots, the more sheets the more channels;
 * lists of numbers as bars.
 */
export function NetDrawing({
  report,
  image,
}: {
  readonly report: NetworkReport;
  readonly image: readonly number[];
}) {
  const boxes = boxesOf(report, image);
  const width = Math.max(240, boxes.length * place);
  return (
    <div class="wide net-drawing">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        style={{ width: `min(100%, ${width}px)`, minWidth: `${0.78 * width}px` }}
        role="img"
        aria-label={`The network: ${boxes.map(({ name, shape: sizes }) => `${name} ${shape(sizes ?? [])}`).join(", ")}`}
      >
        {boxes.map((box, index) => (
          <g key={`${index}-${box.name}`} transform={`translate(${index * place + place / 2} 0)`}>
            <title>{`${box.name}: ${box.shape === null ? "does not fit" : shape(box.shape)}`}</title>
            {index === 0 ? null : <path class="net-wire" d={`M${-place / 2 - 3} 36h6`} />}
            <Glyph box={box} image={image} />
            <text y={height - 12} class="net-size">
              {caption(box.shape)}
            </text>
            <text y={height - 1} class="net-channels">
              {box.shape?.length === 3 ? `× ${box.shape[2]}` : ""}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

function boxesOf({ rows }: NetworkReport, image: readonly number[]): readonly Box[] {
  const all: Box[] = [
    { name: "images", shape: image, isWrong: false },
    ...rows.map(({ name, shape: sizes, problem }) => ({ name, shape: sizes, isWrong: problem !== null })),
  ];
  // What changes no shape (dropout, batch normalization) is no step in a drawing of shapes, unless it is wrong.
  const changing = all.filter(
    (box, index) => index === 0 || box.isWrong || box.shape?.join() !== all[index - 1].shape?.join(),
  );
  if (changing.length <= mostBoxes) return changing;
  const every = Math.ceil(changing.length / mostBoxes);
  return changing.filter((_, index) => index % every === 0 || index === changing.length - 1);
}

function caption(sizes: readonly number[] | null): string {
  if (sizes === null) return "?";
  return sizes.length === 3
    ? `${sizes[0]}×${sizes[1]}`
    : String(sizes.reduce((product, size) => product * size, 1));
}

function Glyph({ box, image }: { readonly box: Box; readonly image: readonly number[] }) {
  const look = box.isWrong ? "net-wrong" : box.shape === null ? "net-waiting" : "net-sheet";
  if (box.shape === null || box.shape.length !== 3) {
    const size = box.shape?.reduce((product, one) => product * one, 1) ?? 64;
    const bar = Math.min(tallest, 8 + 5 * Math.log2(size));
    return <rect class={look} x={-3} y={36 - bar / 2} width={6} height={bar} rx={1.5} />;
  }
  const [rows, columns, channels] = box.shape;
  const greatest = Math.max(image[0] ?? 1, image[1] ?? 1, rows, columns);
  const scale = (size: number) => Math.max(3, 30 * Math.sqrt(size / greatest));
  const sheets = Math.min(6, Math.max(1, Math.round(Math.log2(channels)) + 1));
  const [wide, high] = [scale(columns), scale(rows)];
  const slant = 2.2;
  const first = -((sheets - 1) * slant) / 2;
  return (
    <>
      {Array.from({ length: sheets }, (_, sheet) => (
        <rect
          key={sheet}
          class={look}
          x={first + sheet * slant - wide / 2}
          y={36 + first + sheet * slant - high / 2}
          width={wide}
          height={high}
          rx={1.5}
        />
      ))}
    </>
  );
}
