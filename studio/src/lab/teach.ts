import {
  data,
  featureCount,
  loadBackbone,
  type Model,
  probabilitiesFrom,
  readModel,
  models as zoo,
} from "fovea";
import { engineOf } from "./engine.ts";
import { fileOf, type ModelFormat } from "./model-file.ts";
import { dropWork, keepModel, type ModelEntry, modelOf, noteWork } from "./models.ts";
import { PhotoShelf, type PhotoToRead, type ReadPhoto, thumbnailOf } from "./teach-photos.ts";
import { type Taught, type TaughtReport, type TeachProgress, teachHead } from "./teach-training.ts";

export type { PhotoToRead, ReadPhoto, TaughtReport, TeachProgress };

/** A trained net, cut before its last layer. */
export interface BackboneInfo {
  readonly id: string;
  readonly name: string;
  readonly tap: string;
  /** Numbers that it makes of a photo. */
  readonly features: number;
  readonly inputShape: readonly number[];
  readonly parameters: number;
}

/** A file of a model: its path, for folders with their names, and its bytes. */
export interface ModelFile {
  readonly path: string;
  readonly file: Blob;
}

/** By the model that they are cut from: one that was trained further under the same id is another. */
const backbones = new WeakMap<Model, { readonly network: Model; readonly info: BackboneInfo }>();
const shelf = new PhotoShelf();
let taught: Taught | null = null;

async function backboneOf(id: string) {
  const model = modelOf(id);
  const known = backbones.get(model);
  if (known !== undefined) return known;
  const engine = await engineOf();
  const { network, report } = await loadBackbone({ backbone: model, engine });
  const { tap, parameters } = report;
  const { inputShape } = network;
  const [, , channels] = inputShape;
  if (inputShape.length !== 3 || (channels !== 1 && channels !== 3)) {
    throw new Error(
      `${model.name} takes [${inputShape.join(", ")}], and photos are [height, width, 1 or 3]: choose another net`,
    );
  }
  const features = featureCount(network, "mean");
  const info = { id, name: model.name, tap, features, inputShape, parameters };
  const backbone = { network, info };
  backbones.set(model, backbone);
  return backbone;
}

function current(): Taught {
  if (taught === null) throw new Error("nothing has been taught yet: train first");
  return taught;
}

/** Probabilities of the classes for an input of bytes. */
async function classify(pixels: Uint8Array, { model }: Taught): Promise<number[]> {
  const [height, width, channels] = model.inputShape;
  const { input } = data.imageToInput(
    { height, width, channels: channels === 1 ? 1 : 3, pixels },
    { height, width, channels },
  );
  return probabilitiesFrom(model)((await model.predict(input)).data);
}

/** The lab's side of the panel Teach. */
export const teach = {
  /** Cuts a model of the store before its last layer. @throws when it has none, or takes no images */
  async useBackbone(id: string): Promise<BackboneInfo> {
    return (await backboneOf(id)).info;
  },

  /**
   * Puts a model from files into the store: one file, or one with others beside it.
   *
   * @param network - of the zoo, for files of weights alone; null for what the path says
   */
  async openBackbone(files: readonly ModelFile[], network: string | null): Promise<ModelEntry> {
    const main = mainFile(files);
    const bytes = new Uint8Array(await main.file.arrayBuffer());
    const folder = main.path.slice(0, main.path.lastIndexOf("/") + 1);
    const { model } = await readModel(bytes, {
      name: main.path,
      network,
      engine: await engineOf(),
      sibling: async (name) => {
        const found = files.find(({ path }) => path === folder + name);
        if (found === undefined) throw new Error(`${name} is missing: choose all files of the model`);
        return new Uint8Array(await found.file.arrayBuffer());
      },
    });
    return keepModel(model, { name: model.name, origin: main.path });
  },

  /** Names of nets that weights can be of. */
  networks(): string[] {
    return [...zoo.names];
  },

  /** Small pictures of photos; none of those that the browser does not know. */
  async thumbnails(files: readonly Blob[]): Promise<(Blob | null)[]> {
    return await Promise.all(files.map(thumbnailOf));
  },

  /** Reads photos and works out their features; those that cannot be read have a problem. */
  async read(backbone: string, photos: readonly PhotoToRead[]): Promise<ReadPhoto[]> {
    return await shelf.read((await backboneOf(backbone)).network, photos);
  },

  /** Features of photos that were taken away. */
  forget(ids: readonly string[]): void {
    shelf.forget(ids);
  },

  /** Trains the last layer. All photos must have been read with this backbone. */
  async train(
    backbone: string,
    classes: readonly { readonly name: string; readonly photos: readonly string[] }[],
    onProgress: (progress: TeachProgress) => void,
  ): Promise<TaughtReport> {
    const { network, info } = await backboneOf(backbone);
    const known = classes.map(({ name, photos }) => ({
      name,
      photos: photos.map((id) => {
        const features = shelf.featuresOf(network, id);
        if (features === undefined)
          throw new Error("a photo has not been read with this net yet; wait a moment");
        return { id, features };
      }),
    }));
    const before = taught;
    taught = await teachHead({ network, name: info.name }, known, await engineOf(), onProgress);
    if (before !== null) dropWork(before.model);
    noteWork(taught.model, "changed");
    return taught.report;
  },

  /**
   * What the classifier makes of a picture from the camera.
   *
   * @param rgba - as a canvas has it
   * @returns a probability for each class
   */
  async classifyFrame(rgba: Uint8ClampedArray, width: number, height: number): Promise<number[]> {
    const { model } = current();
    const pixels = new Uint8Array(width * height * 3);
    for (let pixel = 0; pixel < width * height; pixel++) {
      pixels[3 * pixel] = rgba[4 * pixel];
      pixels[3 * pixel + 1] = rgba[4 * pixel + 1];
      pixels[3 * pixel + 2] = rgba[4 * pixel + 2];
    }
    const [inputHeight, inputWidth, channels] = model.inputShape;
    const { input } = data.imageToInput(
      { width, height, channels: 3, pixels },
      { height: inputHeight, width: inputWidth, channels, resize: model.preprocessing.resize },
    );
    return probabilitiesFrom(model)((await model.predict(input)).data);
  },

  /** What the classifier makes of a photo. @throws when it cannot be read */
  async classifyPhoto(file: Blob, name: string): Promise<number[]> {
    const now = current();
    const [height, width, channels] = now.model.inputShape;
    const { resize } = now.model.preprocessing;
    const bytes = new Uint8Array(await file.arrayBuffer());
    const photo = await data.sharedDecodePool().decode(bytes, { name, height, width, channels, resize });
    if (photo.pixels === null) throw new Error(`${name} cannot be read: ${photo.problem}`);
    return await classify(photo.pixels, now);
  },

  /** The classifier as a file. */
  async save(format: ModelFormat): Promise<Uint8Array<ArrayBuffer>> {
    return await fileOf(current().model, format);
  },

  /** Puts the classifier into the store, where other panels find it. */
  keep(name: string): ModelEntry {
    const { model, report } = current();
    return keepModel(model, { name, origin: `taught on ${report.backbone}` });
  },
};

/** The file that a model begins in: TensorFlow.js's description, else the largest. */
function mainFile(files: readonly ModelFile[]): ModelFile {
  const [first] = files;
  if (first === undefined) throw new Error("there is no file to read a model from");
  const described = files.find(({ path }) => path.endsWith("model.json"));
  return described ?? [...files].sort((one, other) => other.file.size - one.file.size)[0];
}
