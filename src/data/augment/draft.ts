import { plainWarpRecord, warpParts } from "../../ops/warp-record.ts";
import { type Affine, after, boxTo, identityMap, isIdentity } from "./affine.ts";
import type { ByteChange } from "./bytes.ts";
import { type ColourMap, plainColours } from "./colour.ts";

/** A box of an image, as shares of its height and width. */
export interface ShareBox {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Of what size images are, and what becomes of them. */
export interface DraftShape {
  /** Of the images as they are stored. */
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Of the result; the images' own when not given. */
  readonly outputSize?: readonly [height: number, width: number];
  /** Whether crops that come before all other geometry are made where the image is read, from all of its pixels. */
  readonly cropsAtSource?: boolean;
}

/** What is drawn for one image, step by step, before it becomes a record. */
export class Draft {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** What is done to the bytes, before everything else. */
  readonly bytes: ByteChange[] = [];
  /** How much of an image stays its own when it is mixed with another one. */
  share = 1;
  /** What is cut out where the image is read; `null` for nothing. */
  crop: ShareBox | null = null;
  colours: ColourMap;
  readonly #outputSize: readonly [height: number, width: number];
  readonly #cropsAtSource: boolean;
  #map: Affine = identityMap;
  /** In pixels of the result: first row and column, and those behind the last. */
  #box: readonly [top: number, left: number, bottom: number, right: number] = [0, 0, 0, 0];
  #cover = 0;

  constructor({ height, width, channels, outputSize = [height, width], cropsAtSource = false }: DraftShape) {
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.colours = plainColours(channels);
    this.#outputSize = outputSize;
    this.#cropsAtSource = cropsAtSource;
  }

  /** Adds a change of geometry behind those before it. */
  move(map: Affine): void {
    this.#map = after(this.#map, map);
  }

  /** Cuts out a box and draws it out to the whole image. */
  cropTo(box: ShareBox): void {
    if (this.#cropsAtSource && this.crop === null && isIdentity(this.#map)) {
      this.crop = box;
      return;
    }
    const { height, width } = this;
    const pixels = {
      top: box.top * height,
      left: box.left * width,
      height: box.height * height,
      width: box.width * width,
    };
    this.move(boxTo(pixels, height, width));
  }

  /** Covers a square around a point, given as shares of the result's height and width; parts may lie outside. */
  cover(row: number, column: number, size: number, value: number | null): void {
    const [height, width] = this.#outputSize;
    const top = Math.floor(row * height) - Math.floor(size / 2);
    const left = Math.floor(column * width) - Math.floor(size / 2);
    this.#box = [top, left, top + size, left + size];
    this.#cover = value ?? -1;
  }

  /** The record that `warpImages` takes. */
  record(): Float32Array<ArrayBuffer> {
    const record = plainWarpRecord();
    const { height, width } = this;
    const [outputHeight, outputWidth] = this.#outputSize;
    const isSameSize = height === outputHeight && width === outputWidth;
    const toOutput = boxTo({ top: 0, left: 0, height, width }, outputHeight, outputWidth);
    record.set(isSameSize ? this.#map : after(this.#map, toOutput), warpParts.map);
    const { own, mean, bias } = this.colours;
    const size = bias.length;
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        record[warpParts.colour + 3 * row + column] = own[row * size + column];
        record[warpParts.mean + 3 * row + column] = mean[row * size + column];
      }
      record[warpParts.bias + row] = bias[row];
    }
    record.set(this.#box, warpParts.box);
    record[warpParts.cover] = this.#cover;
    return record;
  }
}
