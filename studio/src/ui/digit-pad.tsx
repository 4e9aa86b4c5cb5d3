import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { isDark } from "../theme.ts";
import { digitOf, digitSize, type PadPoint, type Stroke, smooth } from "./digit.ts";
import { MapCanvas } from "./map-canvas.tsx";
import "./digit-pad.css";

interface DigitPadProps {
  readonly strokes: readonly Stroke[];
  /** Called at each move of the pen. */
  readonly onChange: (strokes: readonly Stroke[]) => void;
}

/** Pixels of the canvas; on the page it is as wide as there is room. */
const padSize = 280;
/** Width of the line that is seen, of the pad's width. */
const penWidth = 0.085;
/** How far an arrow key moves the pen, and with Shift. */
const [step, longStep] = [1 / 28, 1 / 7];

const arrows: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * A pad to draw a digit on, and beside it the digit as a network sees it. By keyboard: arrows move the pen, Space sets it down and
 * lifts it, Backspace takes back the last line, Delete all.
 */
export function DigitPad({ strokes, onChange }: DigitPadProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  /** The line under way, which events add to faster than the page is drawn. */
  const line = useRef<PadPoint[] | null>(null);
  const current = useRef(strokes);
  current.current = strokes;
  const [pen, setPen] = useState<{ readonly at: PadPoint; readonly down: boolean } | null>(null);
  const dark = isDark.value;

  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined) return;
    paint(context, strokes, pen);
  }, [strokes, pen, dark]);

  const begin = (point: PadPoint) => {
    line.current = [point];
    change([...current.current, line.current]);
  };
  const draw = (points: readonly PadPoint[]) => {
    if (line.current === null) return;
    line.current = [...line.current, ...points];
    change([...current.current.slice(0, -1), line.current]);
  };
  const change = (next: readonly Stroke[]) => {
    current.current = next;
    onChange(next);
  };
  const undo = () => change(current.current.slice(0, -1));
  const clear = () => change([]);

  const placeOf = (event: PointerEvent): PadPoint => {
    const box = canvas.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
    return {
      x: within((event.clientX - box.left) / box.width),
      y: within((event.clientY - box.top) / box.height),
    };
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const arrow = arrows[event.key];
    if (arrow !== undefined) {
      const from = pen ?? { at: { x: 0.5, y: 0.5 }, down: false };
      const length = event.shiftKey ? longStep : step;
      const at = { x: within(from.at.x + arrow[0] * length), y: within(from.at.y + arrow[1] * length) };
      setPen({ at, down: from.down });
      if (from.down) draw([at]);
    } else if (event.key === " ") {
      const from = pen ?? { at: { x: 0.5, y: 0.5 }, down: false };
      setPen({ at: from.at, down: !from.down });
      if (from.down) line.current = null;
      else begin(from.at);
    } else if (event.key === "Backspace") undo();
    else if (event.key === "Delete") clear();
    else return;
    event.preventDefault();
  };

  return (
    <div class="digit-pad">
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: screen readers are to pass on the arrow keys. */}
      <canvas
        ref={canvas}
        class="pad"
        width={padSize}
        height={padSize}
        role="application"
        tabIndex={0}
        aria-label="Pad to draw a digit on. Arrow keys move the pen, Space sets it down or lifts it, Backspace takes back a line, Delete clears."
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setPen(null);
          begin(placeOf(event));
        }}
        onPointerMove={(event) => {
          if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
          const events = event.getCoalescedEvents?.() ?? [];
          draw((events.length > 0 ? events : [event]).map(placeOf));
        }}
        onLostPointerCapture={() => {
          line.current = null;
        }}
        onKeyDown={onKeyDown}
        onBlur={() => {
          line.current = null;
          setPen(null);
        }}
      />
      <div class="seen">
        <MapCanvas
          values={digitOf(strokes)}
          width={digitSize}
          height={digitSize}
          size={56}
          label="The digit, 28 by 28 pixels"
        />
        <button type="button" class="small" disabled={strokes.length === 0} onClick={undo}>
          Undo
        </button>
        <button type="button" class="small" disabled={strokes.length === 0} onClick={clear}>
          Clear
        </button>
      </div>
      <p class="soft pad-hint">
        {strokes.length === 0
          ? "Draw a digit with the mouse, a finger or arrow keys."
          : "Centred by its mass, 28 × 28, as MNIST's digits are."}
      </p>
    </div>
  );
}

function within(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function paint(
  context: CanvasRenderingContext2D,
  strokes: readonly Stroke[],
  pen: { readonly at: PadPoint; readonly down: boolean } | null,
): void {
  const styles = getComputedStyle(context.canvas);
  context.fillStyle = styles.backgroundColor;
  context.fillRect(0, 0, padSize, padSize);
  context.strokeStyle = styles.color;
  context.lineWidth = penWidth * padSize;
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const stroke of strokes) {
    context.beginPath();
    for (const { x, y } of smooth(stroke)) context.lineTo(x * padSize, y * padSize);
    // A dot is a line to itself.
    if (stroke.length === 1) context.lineTo(stroke[0].x * padSize, stroke[0].y * padSize);
    context.stroke();
  }
  if (pen === null) return;
  context.lineWidth = 2;
  context.strokeStyle = styles.outlineColor;
  context.beginPath();
  context.arc(pen.at.x * padSize, pen.at.y * padSize, (penWidth * padSize) / (pen.down ? 2 : 1.4), 0, 7);
  context.stroke();
}
