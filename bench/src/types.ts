/** What the parts of the bench tell each other. Cases travel to the measured processes as JSON. */

/** A direction of a convolution: its output, or one of its two gradients. */
export type Pass = "forward" | "input-gradient" | "filter-gradient";

/** Name of a competitor. */
export type CompetitorName =
  | "pytorch"
  | "pytorch-fastest"
  | "onnxruntime"
  | "tfjs-wasm"
  | "tfjs-cpu"
  | "jax-js"
  | "one-thread";

/** Least ratio on Node 20 and on Node 24 or later. */
export type Asked = readonly [node20: number, node24: number];

interface CommonCase {
  /** `training/vgg16`, `layers/vgg16/features.2/forward`. */
  readonly name: string;
  /** Images a run. */
  readonly batch: number;
  /** How far outputs may be apart, relative to the greatest. */
  readonly tolerance: number;
  /** Only these competitors; all that can, where it is absent. */
  readonly rivals?: readonly CompetitorName[];
  /** Ratios that must hold. */
  readonly asked?: { readonly [N in CompetitorName]?: Asked };
}

/** One convolution, alone: square images and filters, no bias. */
export interface LayerCase extends CommonCase {
  readonly kind: "layer";
  readonly pass: Pass;
  /** Height and width of the input. */
  readonly size: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** A whole net: its forward pass, or training steps of it. */
export interface NetCase extends CommonCase {
  readonly kind: "inference" | "training";
  /** Name in the zoo. */
  readonly net: string;
  /** How training steps change the weights: Adam, or gradient descent with a momentum of 0.9. */
  readonly optimizer: "adam" | "momentum";
  /** Low: the steps must not run away, whatever the labels. */
  readonly learningRate: number;
  /** "memory": no rounds, only a few runs and the memory that they took. */
  readonly measures: "speed" | "memory";
}

export type Case = LayerCase | NetCase;

/** Before and after the height, before and after the width. */
type Padding = readonly [top: number, bottom: number, left: number, right: number];
type Size = readonly [height: number, width: number];

/** What a step does; weights are those of the layer `name`. */
export type Operation =
  | { readonly op: "input" | "relu" | "flatten" | "add" | "globalAveragePool2d" | "identity" }
  | { readonly op: "dropout"; readonly rate: number }
  | { readonly op: "dense"; readonly name: string; readonly bias: boolean }
  | { readonly op: "batchNormalization"; readonly name: string; readonly epsilon: number }
  | {
      readonly op: "conv2d";
      readonly name: string;
      readonly bias: boolean;
      readonly strides: Size;
      readonly padding: Padding;
    }
  | {
      readonly op: "maxPool2d";
      readonly window: Size;
      readonly strides: Size;
      readonly padding: Padding;
    };

export type Step = Operation & { readonly inputs: readonly number[] };

/** `net.json` of a case's folder. */
export interface NetFile {
  /** [height, width, channels]. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly preprocessing: { readonly scale: number; readonly offset: number };
  /** For each matrix whose inputs are a flattened image, that image's [height, width, channels]. */
  readonly flattened: Readonly<Record<string, readonly number[]>>;
  /** The last is the net's output. */
  readonly steps: readonly Step[];
}

/** What a process that is measured says of itself. */
export interface About {
  /** `PyTorch 2.13.0`. */
  readonly name: string;
  readonly threads: number;
  /** Instructions that it computes with, as far as it tells. */
  readonly isa: string;
  /** What a reader of its figures should know. */
  readonly notes: readonly string[];
}

/** A process that works on one case at a time. */
export interface Side {
  readonly about: About;
  /**
   * Loads a case's weights and inputs from its folder. With `outputs`, also computes what is compared (a net's logits, the
   * losses of the first steps, a layer's result) and writes it there, as float32.
   *
   * @returns the setting that it chose, where it had a choice
   */
  prepare(kase: Case, folder: string, outputs: string | null): Promise<string | null>;
  /** Milliseconds a run: `runs` of them after `warmUp` that do not count. */
  time(runs: number, warmUp: number): Promise<number>;
  /** The most memory that was resident since `prepare` ended, less what was before it; `null` if the system does not tell. */
  peakBytes(): Promise<number | null>;
  close(): void;
}

/** Something to measure: ours on a Node, or another library. */
export interface Competitor {
  readonly name: string;
  /** `v20.20.2`, of ours. A competitor that has one stands beside ours on the same Node only. */
  readonly node?: string;
  /** Whether it takes part only in cases that name it as a rival. */
  readonly invited?: boolean;
  /** Why it cannot do a case, or `null`. */
  refuses(kase: Case): string | null;
  /** @throws Error with the reason when it is not there */
  start(): Promise<Side>;
}

/** Ours, on a Node. */
export interface Contender extends Competitor {
  readonly node: string;
}

/** What one side came to in a case. */
export interface Measurement {
  readonly imagesPerSecond: number;
  /** Of layers; `null` for nets. */
  readonly gigaflopsPerSecond: number | null;
  readonly medianMs: number;
  /** Distance of the quartiles, relative to the median. */
  readonly spread: number;
  readonly peakBytes: number | null;
  /** Milliseconds a run, round by round. */
  readonly rounds: readonly number[];
  readonly setting: string | null;
}

export interface Result {
  readonly case: string;
  /** `null` where ours was measured alone. */
  readonly competitor: string | null;
  readonly node: string;
  readonly ours: Measurement;
  readonly theirs: Measurement | null;
  /** How many times as fast ours is; of memory cases, how many times as much memory theirs takes. */
  readonly ratio: number | null;
  /** Greatest difference of the outputs, relative to the greatest output. */
  readonly difference: number | null;
  readonly asked: number | null;
}

/** A case that was not measured, and why. */
export interface Failure {
  readonly case: string;
  readonly competitor: string;
  readonly reason: string;
  /** "wrong": it computes something else; "absent": it cannot do this or is not there. */
  readonly what: "wrong" | "absent";
}

export interface Outcome {
  readonly results: readonly Result[];
  readonly failures: readonly Failure[];
  /** All sides that took part. */
  readonly sides: Readonly<Record<string, About>>;
}
