import type { PreprocessingOptions } from "../../models/index.ts";

/** Who publishes weights. */
export type WeightsSource = "torchvision" | "keras";

/** What a file's bytes come to, as its publisher says. */
export interface PublishedChecksum {
  readonly algorithm: "sha256" | "md5";
  /** In hexadecimal; for some only the first digits are published. */
  readonly hex: string;
}

/** Trained weights that are published for a net, and what has to be known to use them. */
export interface PublishedWeights {
  readonly source: WeightsSource;
  /** `v1`, `v2`: which of the weights of that source. */
  readonly version: string;
  readonly url: string;
  /** `null` where the publisher gives none. */
  readonly checksum: PublishedChecksum | null;
  /** Size of the file, in 2^20 bytes as published, to three decimals; `null` where the publisher gives none. */
  readonly mebibytes: number | null;
  /** The names of the classes; see {@link classNamesOf}. */
  readonly classes: "imagenet-1k";
  /** How an image becomes an input of [224, 224, 3]. */
  readonly preprocessing: PreprocessingOptions & {
    readonly resize: { readonly size: number; readonly crop: number };
  };
  /** Shares of ImageNet's 50,000 validation images, one crop each, as published. */
  readonly accuracy: { readonly top1: number; readonly top5: number };
  /** Of the weights; what they were trained on has terms of its own. */
  readonly licence: string;
  /** Where all this is from. */
  readonly sources: readonly string[];
}

/** `torchvision:v2`. */
export function weightsLabel({ source, version }: PublishedWeights): string {
  return `${source}:${version}`;
}
