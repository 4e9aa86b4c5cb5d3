/** What ONNX files have no place for: texts by name in `metadata_props`, written and read here. */
import type { OnnxModel } from "../../formats/index.ts";
import type { Preprocessing } from "../../models/index.ts";
import { readPreprocessing } from "../../models/preprocessing.ts";
import { FormatError } from "../../tensor/index.ts";

/** Axes of images: [N, C, H, W], which is ONNX's custom, or [N, H, W, C]. */
export type ImageLayout = "nchw" | "nhwc";

/** What a file of ours says beside its graph. */
export interface OnnxMetadata {
  readonly preprocessing: Preprocessing | null;
  readonly classNames: readonly string[] | null;
  /** Of the input. */
  readonly layout: ImageLayout | null;
}

const keys: { readonly [P in keyof OnnxMetadata]: string } = {
  preprocessing: "fovea.preprocessing",
  classNames: "fovea.class_names",
  layout: "fovea.layout",
};

/** As entries of `metadata_props`; what is null is left out. */
export function writeMetadata(metadata: OnnxMetadata): { key: string; value: string }[] {
  const { preprocessing, classNames, layout } = metadata;
  return [
    { key: keys.preprocessing, value: preprocessing && JSON.stringify(preprocessing) },
    { key: keys.classNames, value: classNames && JSON.stringify(classNames) },
    { key: keys.layout, value: layout },
  ].flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]));
}

/**
 * What a file says beside its graph; null where it says nothing.
 *
 * @throws FormatError when its texts are not what was written there
 */
export function readMetadata({ metadataProps }: OnnxModel, file: string): OnnxMetadata {
  const read = <T>(key: string, check: (text: string) => T): T | null => {
    const text = metadataProps.find((entry) => entry.key === key)?.value;
    if (text === undefined) return null;
    try {
      return check(text);
    } catch (cause) {
      throw new FormatError(`its metadata "${key}" is damaged`, {
        where: file,
        hint: "Export the model again, or take the entry out of metadata_props.",
        cause,
      });
    }
  };
  return {
    preprocessing: read(keys.preprocessing, (text) => readPreprocessing(JSON.parse(text))),
    classNames: read(keys.classNames, (text) => {
      const value: unknown = JSON.parse(text);
      if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value;
      throw new TypeError("no list of names");
    }),
    layout: read(keys.layout, (text) => {
      if (text === "nchw" || text === "nhwc") return text;
      throw new TypeError("no layout of images");
    }),
  };
}
