import { FileError } from "../tensor/errors.ts";
import { errorCode } from "./file-errors.ts";

/** The part of sharp's interface that is used here; the package itself is optional. */
export interface SharpPipeline {
  metadata(): Promise<{
    space?: string;
    width?: number;
    height?: number;
    /** Of the upright image. */
    autoOrient?: { width: number; height: number };
  }>;
  resize(width: number, height: number, options: { fit: "fill"; kernel: "linear" }): SharpPipeline;
  toColourspace(space: "b-w" | "srgb"): SharpPipeline;
  removeAlpha(): SharpPipeline;
  raw(options: { depth: "uchar" }): SharpPipeline;
  jpeg(options: { quality: number }): SharpPipeline;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array;
    info: { width: number; height: number; channels: number };
  }>;
}

/** How sharp takes its input: a file's bytes, or pixels. */
export type SharpOptions =
  | {
      readonly autoOrient: true;
      readonly ignoreIcc: true;
      readonly failOn: "error";
      readonly limitInputPixels: number | false;
    }
  | { readonly raw: { readonly width: number; readonly height: number; readonly channels: number } };

/** What the package exports. */
export type Sharp = (bytes: Uint8Array, options: SharpOptions) => SharpPipeline;

/** What sharp is wanted for, for the error when there is none. */
export interface SharpPurpose {
  /** `reading PNG images`. */
  readonly need: string;
  /** `reads PNG images`. */
  readonly use: string;
  /** What to do without it, behind the advice to install it. */
  readonly otherwise: string;
  /** The file or function. */
  readonly where: string;
}

/** Loads sharp. Its name is a parameter so that neither TypeScript nor a bundler asks for it. */
export const importSharp = () => importPackage("sharp");

async function importPackage(name: string): Promise<unknown> {
  return import(/* @vite-ignore */ name);
}

/** @throws FileError that says what to install when sharp is missing or does not load */
export async function loadSharp(
  { need, use, otherwise, where }: SharpPurpose,
  load: () => Promise<unknown> = importSharp,
): Promise<Sharp> {
  try {
    const module = (await load()) as { default: Sharp };
    return module.default;
  } catch (error) {
    const missing = errorCode(error) === "ERR_MODULE_NOT_FOUND";
    throw new FileError(
      missing
        ? `${need} needs the package sharp, which is not installed`
        : `the package sharp, which ${use}, does not load (${String(error)})`,
      { where, hint: `Run: npm install sharp. ${otherwise}`, cause: error },
    );
  }
}
