/** The blocks of which a network is built in the page, as data: what they are called, what can be set, what they begin with. */

/** Functions that stand behind a layer or in a block of their own. */
export const activationNames = [
  "linear",
  "relu",
  "leakyRelu",
  "gelu",
  "hardSwish",
  "sigmoid",
  "tanh",
] as const;
export type BlockActivation = (typeof activationNames)[number];

/** All kinds of blocks and the type of their options: a closed union. */
export interface BlockOptions {
  convolution: {
    readonly filters: number;
    readonly kernelSize: number;
    readonly strides: number;
    readonly padding: "same" | "valid";
    readonly activation: BlockActivation;
  };
  pooling: { readonly of: "max" | "average"; readonly size: number; readonly strides: number };
  blurPooling: { readonly kernelSize: number; readonly strides: number };
  batchNormalization: { readonly momentum: number };
  activation: { readonly function: BlockActivation };
  dropout: { readonly rate: number };
  flatten: Readonly<Record<string, never>>;
  globalPooling: { readonly of: "max" | "average" };
  dense: { readonly units: number; readonly activation: BlockActivation };
}

export type BlockKind = keyof BlockOptions;

/** A block of a network. */
export type Block = {
  readonly [K in BlockKind]: {
    /** Of its own in the list, for as long as the page is open. */
    readonly id: number;
    readonly kind: K;
    readonly options: BlockOptions[K];
  };
}[BlockKind];

/** How an option is set: a whole number, any number, or one of a few words. */
export type OptionField =
  | {
      readonly type: "number";
      readonly label: string;
      readonly min: number;
      readonly max: number;
      readonly step: number;
    }
  | { readonly type: "choice"; readonly label: string; readonly values: readonly string[] };

interface BlockDescription<K extends BlockKind> {
  readonly title: string;
  /** What it does, in a sentence. */
  readonly purpose: string;
  readonly initial: BlockOptions[K];
  readonly fields: { readonly [O in keyof BlockOptions[K]]: OptionField };
  /** Its options in a few words. */
  readonly brief: (options: BlockOptions[K]) => string;
}

const whole = (label: string, max: number, min = 1): OptionField => ({
  type: "number",
  label,
  min,
  max,
  step: 1,
});
const choice = (label: string, values: readonly string[]): OptionField => ({ type: "choice", label, values });
const activationField = choice("Activation", activationNames);
const ofField = choice("Takes the", ["max", "average"]);
const behind = (activation: BlockActivation) => (activation === "linear" ? "" : `, ${activation}`);

/** Every kind, in the order in which the menu offers them. */
export const blockTable: { readonly [K in BlockKind]: BlockDescription<K> } = {
  convolution: {
    title: "Convolution",
    purpose: "Slides small filters over the image: the same weights see every place.",
    initial: { filters: 16, kernelSize: 3, strides: 1, padding: "same", activation: "relu" },
    fields: {
      filters: whole("Filters", 1024),
      kernelSize: whole("Kernel", 31),
      strides: whole("Stride", 16),
      padding: choice("Padding", ["same", "valid"]),
      activation: activationField,
    },
    brief: ({ filters, kernelSize, strides, padding, activation }) =>
      `${filters}, ${kernelSize}×${kernelSize}${strides === 1 ? "" : ` / ${strides}`}${padding === "valid" ? ", valid" : ""}${behind(activation)}`,
  },
  pooling: {
    title: "Pooling",
    purpose: "Keeps the greatest value, or the mean, of each window: the image gets smaller.",
    initial: { of: "max", size: 2, strides: 2 },
    fields: { of: ofField, size: whole("Window", 16), strides: whole("Stride", 16) },
    brief: ({ of, size, strides }) => `${of} ${size}×${size}${strides === size ? "" : ` / ${strides}`}`,
  },
  blurPooling: {
    title: "Blur pooling",
    purpose: "Blurs before it leaves pixels out, so that a move of the image moves the result smoothly.",
    initial: { kernelSize: 3, strides: 2 },
    fields: { kernelSize: whole("Kernel", 7), strides: whole("Stride", 16) },
    brief: ({ kernelSize, strides }) => `${kernelSize}×${kernelSize} / ${strides}`,
  },
  batchNormalization: {
    title: "Batch norm",
    purpose:
      "Brings each channel to mean 0 and deviation 1 over the batch: higher learning rates do no harm.",
    initial: { momentum: 0.9 },
    fields: { momentum: { type: "number", label: "Momentum", min: 0, max: 0.999, step: 0.001 } },
    brief: ({ momentum }) => `momentum ${momentum}`,
  },
  activation: {
    title: "Activation",
    purpose:
      "A non-linear function of each value; without one, layers behind each other are a single linear one.",
    initial: { function: "relu" },
    fields: { function: choice("Function", activationNames) },
    brief: (options) => options.function,
  },
  dropout: {
    title: "Dropout",
    purpose: "Sets a share of the values to 0 at random in training, so that none is relied on.",
    initial: { rate: 0.25 },
    fields: { rate: { type: "number", label: "Share dropped", min: 0, max: 0.95, step: 0.05 } },
    brief: ({ rate }) => `${Math.round(rate * 100)} %`,
  },
  flatten: {
    title: "Flatten",
    purpose: "Lays the map out as a list of numbers, each with its place.",
    initial: {},
    fields: {},
    brief: () => "",
  },
  globalPooling: {
    title: "Global pooling",
    purpose: "One number a channel, wherever in the image it came from.",
    initial: { of: "average" },
    fields: { of: ofField },
    brief: ({ of }) => of,
  },
  dense: {
    title: "Dense",
    purpose: "Every number of the list goes into every unit.",
    initial: { units: 64, activation: "relu" },
    fields: { units: whole("Units", 8192), activation: activationField },
    brief: ({ units, activation }) => `${units}${behind(activation)}`,
  },
};

export const blockKinds = Object.keys(blockTable) as readonly BlockKind[];

let lastId = 0;

/** A block with the options that its kind begins with, or some others. */
export function newBlock<K extends BlockKind>(kind: K, options: Partial<BlockOptions[K]> = {}): Block {
  lastId++;
  return { id: lastId, kind, options: { ...blockTable[kind].initial, ...options } } as Block;
}

/** A block with one option set anew. */
export function withOption(block: Block, name: string, value: string | number): Block {
  return { ...block, options: { ...block.options, [name]: value } } as Block;
}

/** A block's options in a few words. */
export function briefOf(block: Block): string {
  const { brief } = blockTable[block.kind] as { readonly brief: (options: Block["options"]) => string };
  return brief(block.options);
}

/** Networks to begin with. */
export const presets: readonly {
  readonly id: string;
  readonly title: string;
  readonly blocks: () => readonly Block[];
}[] = [
  {
    id: "lenet",
    title: "LeNet-5",
    blocks: () => [
      newBlock("convolution", { filters: 6, kernelSize: 5, padding: "same" }),
      newBlock("pooling"),
      newBlock("convolution", { filters: 16, kernelSize: 5, padding: "valid" }),
      newBlock("pooling"),
      newBlock("flatten"),
      newBlock("dense", { units: 120 }),
      newBlock("dense", { units: 84 }),
    ],
  },
  {
    id: "dense",
    title: "Dense",
    blocks: () => [newBlock("flatten"), newBlock("dense", { units: 128 })],
  },
  {
    id: "linear",
    title: "Linear",
    blocks: () => [newBlock("flatten")],
  },
  {
    id: "global",
    title: "Convolutions, global pooling",
    blocks: () => [
      newBlock("convolution", { filters: 16 }),
      newBlock("pooling"),
      newBlock("convolution", { filters: 32 }),
      newBlock("pooling"),
      newBlock("convolution", { filters: 64 }),
      newBlock("globalPooling", { of: "max" }),
    ],
  },
  {
    id: "normalized",
    title: "Batch-normalized",
    blocks: () => [
      newBlock("convolution", { filters: 16, kernelSize: 5, activation: "linear" }),
      newBlock("batchNormalization"),
      newBlock("activation"),
      newBlock("pooling"),
      newBlock("convolution", { filters: 32, activation: "linear" }),
      newBlock("batchNormalization"),
      newBlock("activation"),
      newBlock("pooling"),
      newBlock("flatten"),
      newBlock("dropout"),
    ],
  },
];
