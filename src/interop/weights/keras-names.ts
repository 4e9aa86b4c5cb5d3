import type { Architecture } from "../../models/index.ts";

/** Names of Keras's layers by ours, for the layers of a family of nets that have other names there. */
type LayerNames = (architecture: Architecture) => ReadonlyMap<string, string>;

/**
 * Families of nets that are in Keras, under its names, and here under torchvision's. `own` stands for nets whose layers
 * have their names from Keras, or were named by class and number as both do.
 */
export const kerasFamilies = {
  own: ownNames,
  resnet: (architecture) => translate(architecture, resnetLayer),
  vgg: vggNames,
  mobilenetV2: (architecture) => translate(architecture, mobilenetV2Layer),
} as const satisfies Readonly<Record<string, LayerNames>>;

/** The name of a family in {@link kerasFamilies}. */
export type KerasFamily = keyof typeof kerasFamilies;

function translate({ layers }: Architecture, rename: (name: string) => string | null): Map<string, string> {
  return new Map(layers.flatMap(({ name }) => entryOf(name, rename(name))));
}

function entryOf(name: string, renamed: string | null): [ours: string, keras: string][] {
  return renamed === null ? [] : [[name, renamed]];
}

/** `batchNormalization_1` is `batch_normalization_1` in Keras; names that were chosen stay. */
function ownNames({ layers }: Architecture): Map<string, string> {
  return new Map(
    layers.map(({ name, layer }) => {
      // Keras takes PReLU for three words.
      if (layer.kind === "prelu") return [name, name.replace(/^prelu(?=$|_\d+$)/, "p_re_lu")];
      const isAutomatic = name.startsWith(layer.kind) && /^(_\d+)?$/.test(name.slice(layer.kind.length));
      return [name, isAutomatic ? snakeCase(name) : name];
    }),
  );
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `layer1.0.conv1` is `conv2_block1_1_conv`, its shortcut `layer1.0.downsample.0` is `conv2_block1_0_conv`. */
function resnetLayer(name: string): string | null {
  const fixed: Readonly<Record<string, string>> = { conv1: "conv1_conv", bn1: "conv1_bn", fc: "predictions" };
  if (Object.hasOwn(fixed, name)) return fixed[name];
  const main = /^layer(\d+)\.(\d+)\.(conv|bn)(\d+)$/.exec(name);
  if (main !== null) {
    const [, stage, block, kind, number] = main;
    return `conv${Number(stage) + 1}_block${Number(block) + 1}_${number}_${kind}`;
  }
  const shortcut = /^layer(\d+)\.(\d+)\.downsample\.([01])$/.exec(name);
  if (shortcut === null) return null;
  const [, stage, block, part] = shortcut;
  return `conv${Number(stage) + 1}_block${Number(block) + 1}_0_${part === "0" ? "conv" : "bn"}`;
}

/** Convolutions are counted within the blocks that poolings end: `features.7` of VGG-16 is `block2_conv2`. */
function vggNames({ layers, calls }: Architecture): Map<string, string> {
  const names = new Map<string, string>();
  let [block, convolution] = [1, 0];
  for (const { layer: index } of calls) {
    const { name, layer } = layers[index];
    if (!name.startsWith("features.")) continue;
    if (layer.kind === "maxPool2d") [block, convolution] = [block + 1, 0];
    if (layer.kind === "conv2d") names.set(name, `block${block}_conv${++convolution}`);
  }
  const tops = ["fc1", "fc2", "predictions"];
  const dense = layers.filter(({ name, layer }) => layer.kind === "dense" && name.startsWith("classifier."));
  for (const [position, { name }] of dense.entries()) {
    if (position < tops.length) names.set(name, tops[position]);
  }
  return names;
}

/** Block i is `features.{i + 1}`; the first has no expansion, so its parts are numbered from the depthwise one on. */
function mobilenetV2Layer(name: string): string | null {
  const fixed: Readonly<Record<string, string>> = {
    "features.0.0": "Conv1",
    "features.0.1": "bn_Conv1",
    "features.18.0": "Conv_1",
    "features.18.1": "Conv_1_bn",
    "classifier.1": "predictions",
  };
  if (Object.hasOwn(fixed, name)) return fixed[name];
  const part = /^features\.(\d+)\.conv\.([\d.]+)$/.exec(name);
  if (part === null) return null;
  const block = Number(part[1]) - 1;
  const prefix = block === 0 ? "expanded_conv" : `block_${block}`;
  const parts =
    block === 0
      ? { "0.0": "depthwise", "0.1": "depthwise_BN", "1": "project", "2": "project_BN" }
      : {
          ...{ "0.0": "expand", "0.1": "expand_BN", "1.0": "depthwise", "1.1": "depthwise_BN" },
          ...{ "2": "project", "3": "project_BN" },
        };
  const suffix = Object.entries(parts).find(([key]) => key === part[2])?.[1];
  return suffix === undefined ? null : `${prefix}_${suffix}`;
}
