/**
 * The binary form of CIFAR-10 and CIFAR-100 (A. Krizhevsky: "Learning multiple layers of features from tiny images", 2009,
 * section "Binary version" of the data sets' page): records without a header, each one byte or two of labels, then the
 * image plane by plane: 1024 bytes of red, of green and of blue.
 */
import { FormatError } from "../tensor/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { ImageDataset } from "./dataset.ts";
import { checkLabels } from "./idx.ts";

const side = 32;
const channels = 3;
const planeSize = side * side;
const imageSize = planeSize * channels;

/** What a part of a data set is read into. */
export interface CifarTarget {
  /** For messages: `cifar10 train`. */
  readonly name: string;
  /** Bytes of labels before each image. CIFAR-100 has two: one of 20 coarse classes, then one of 100. */
  readonly labelBytes: 1 | 2;
  /** Records that a file has. */
  readonly perFile: number;
  /** Files of the part. */
  readonly files: number;
}

/** Takes records as their bytes come, in pieces of any size, and writes the images where they will stay. */
export class CifarPart {
  readonly #target: CifarTarget;
  readonly #images: Tensor<"uint8">;
  readonly #labels: Tensor<"int32">;
  readonly #record: Uint8Array;

  constructor(target: CifarTarget) {
    const count = target.files * target.perFile;
    this.#target = target;
    this.#images = Tensor.zeros("uint8", [count, side, side, channels]);
    this.#labels = Tensor.zeros("int32", [count]);
    this.#record = new Uint8Array(target.labelBytes + imageSize);
  }

  /** Bytes that a file has. */
  get fileSize(): number {
    return this.#target.perFile * this.#record.length;
  }

  /**
   * Reads a file.
   *
   * @param index - which of the part's files it is, from 0
   * @param path - for errors
   * @throws FormatError when it has more or fewer records than it should
   */
  async read(
    index: number,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    path: string,
  ): Promise<void> {
    const { perFile } = this.#target;
    const record = this.#record;
    let filled = 0;
    let count = 0;
    let received = 0;
    for await (const chunk of chunks) {
      received += chunk.length;
      for (let position = 0; position < chunk.length && count < perFile; ) {
        const piece = chunk.subarray(position, position + record.length - filled);
        record.set(piece, filled);
        filled += piece.length;
        position += piece.length;
        if (filled < record.length) continue;
        this.#keep(index * perFile + count);
        count++;
        filled = 0;
      }
    }
    if (received === this.fileSize) return;
    throw new FormatError(
      `${perFile} records of ${record.length} bytes make a file of ${this.fileSize}, got ${received}`,
      { where: path, hint: "It is damaged, or another file than the published one: download it again." },
    );
  }

  /**
   * The part, once all files are read.
   *
   * @throws DataError for a label that is not a class
   */
  dataset(classNames: readonly string[]): ImageDataset<"uint8"> {
    const { name } = this.#target;
    checkLabels(this.#labels.data, classNames.length, name);
    return { name, images: this.#images, labels: this.#labels, classNames };
  }

  /** Puts the record at an index: of its labels the last, of its planes the pixels. */
  #keep(index: number): void {
    const { labelBytes } = this.#target;
    const record = this.#record;
    const pixels = this.#images.data;
    this.#labels.data[index] = record[labelBytes - 1];
    for (let pixel = 0; pixel < planeSize; pixel++) {
      const target = index * imageSize + pixel * channels;
      const source = labelBytes + pixel;
      pixels[target] = record[source];
      pixels[target + 1] = record[source + planeSize];
      pixels[target + 2] = record[source + 2 * planeSize];
    }
  }
}
