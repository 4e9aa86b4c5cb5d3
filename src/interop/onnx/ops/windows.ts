import type { Padding2d, Size2d } from "../../../graph/index.ts";
import { dilatedSize, type PaddingOption, samePadding } from "../../../ops/index.ts";
import type { NodeReader } from "../node.ts";

/** A window over images [H, W, C], without its padding. */
export interface Window {
  readonly image: Size2d;
  readonly kernel: Size2d;
  readonly strides: Size2d;
  readonly dilations: Size2d;
}

/** An attribute of one number an axis: height and width. */
export function pairOf(node: NodeReader, name: string, fallback: Size2d): Size2d {
  const sizes = node.ints(name, undefined);
  if (sizes === undefined) return fallback;
  const [height, width] = sizes;
  if (sizes.length === 2 && height !== undefined && width !== undefined) return [height, width];
  throw node.error(
    `has ${name} for ${sizes.length} axes, not for height and width`,
    "Only two-dimensional convolutions and poolings are supported.",
  );
}

/** Padding of a window by `auto_pad` or `pads` (before the height and the width, then after them). */
export function paddingOf(node: NodeReader, window: Window): PaddingOption {
  const automatic = node.text("auto_pad", "NOTSET");
  if (automatic === "VALID") return "valid";
  // An odd row goes to the bottom, as Keras has it.
  if (automatic === "SAME_UPPER") return "same";
  if (automatic === "SAME_LOWER") {
    const [after, before] = ([0, 1] as const).map((axis) =>
      samePadding(window.image[axis], window.kernel[axis], window.strides[axis], window.dilations[axis]),
    );
    return simplest({ top: after[1], bottom: after[0], left: before[1], right: before[0] });
  }
  return simplest(padsOf(node));
}

/** The attribute `pads` by its sides; none where it is missing. */
export function padsOf(node: NodeReader): Padding2d {
  const pads = node.ints("pads", [0, 0, 0, 0]);
  if (pads.length !== 4 || pads.some((size) => size < 0)) {
    throw node.error(
      `has pads [${pads.join(", ")}]`,
      "There must be four of at least 0: top, left, bottom, right.",
    );
  }
  const [top, left, bottom, right] = pads;
  return { top, bottom, left, right };
}

/** The shortest way to say the same. */
function simplest(padding: Padding2d): PaddingOption {
  const { top, bottom, left, right } = padding;
  if (top !== bottom || left !== right) return padding;
  return top === left ? top : [top, left];
}

/**
 * What a transposed convolution cuts off its full output, and what it adds: by `pads`, by `output_shape`, or so that the
 * output has strides times the input's size (`auto_pad`).
 */
export function transposedPadding(
  node: NodeReader,
  { image, kernel, strides, dilations }: Window,
): { readonly padding: Padding2d; readonly outputPadding: Size2d } {
  const outputPadding = pairOf(node, "output_padding", [0, 0]);
  const automatic = node.text("auto_pad", "NOTSET");
  const named = node.ints("output_shape", undefined);
  const isSame = automatic === "SAME_UPPER" || automatic === "SAME_LOWER";
  if (named === undefined && !isSame) {
    const none = { top: 0, bottom: 0, left: 0, right: 0 };
    return { padding: automatic === "VALID" ? none : padsOf(node), outputPadding };
  }
  const along = (axis: 0 | 1) => {
    // Some writers name all axes, the batch among them.
    const output = named?.slice(-2)[axis] ?? image[axis] * strides[axis];
    const full = strides[axis] * (image[axis] - 1) + dilatedSize(kernel[axis], dilations[axis]);
    const total = full + outputPadding[axis] - output;
    // An output that is named and larger than the full one goes on behind its end; auto_pad cuts, and adds nothing
    // (onnxruntime 1.30).
    if (total < 0)
      return { before: 0, after: 0, beyond: outputPadding[axis] - (named === undefined ? 0 : total) };
    const less = Math.floor(total / 2);
    const [before, after] = automatic === "SAME_UPPER" ? [less, total - less] : [total - less, less];
    return { before, after, beyond: outputPadding[axis] };
  };
  const [rows, columns] = [along(0), along(1)];
  return {
    padding: { top: rows.before, bottom: rows.after, left: columns.before, right: columns.after },
    outputPadding: [rows.beyond, columns.beyond],
  };
}
