import type { DecodedImage } from "#host";
import {
  type AttributeOptions,
  type Attribution,
  type AttributionMethod,
  attribute,
} from "../../inspect/index.ts";
import {
  type ClassProbability,
  likeliestClasses,
  type Model,
  probabilitiesFrom,
} from "../../models/index.ts";
import { nameHint, OptionError, ShapeError, Tensor } from "../../tensor/index.ts";
import type { ExplainFlags } from "../commands/explain.ts";
import { explainMethods } from "../names.ts";

/** A photo as the model sees it. */
export interface SeenPhoto {
  readonly name: string;
  readonly image: DecodedImage;
}

/** What a model says of a photo, and what each pixel counts for it. */
export interface ExplainedPhoto extends SeenPhoto {
  /** The likeliest classes. */
  readonly top: readonly ClassProbability[];
  readonly classes: readonly ExplainedClass[];
}

/** A class and its maps. */
export interface ExplainedClass extends ClassProbability {
  readonly score: number;
  readonly maps: readonly Attribution[];
}

/** Told as a method goes on with a photo. */
export type ExplainProgress = (method: AttributionMethod, done: number, total: number) => void;

/** How many classes are listed beside a photo. */
const listed = 5;

/** The methods that were asked for, in the order of the list. */
export function methodsOf({ method = ["all"] }: ExplainFlags): readonly AttributionMethod[] {
  return explainMethods.filter((name) => method.includes(name) || method.includes("all"));
}

/** Explains photos one by one, by each method in turn. */
export class PhotoExplainer {
  readonly #model: Model;
  readonly #flags: ExplainFlags;
  readonly #signal: AbortSignal;
  readonly #probabilities: (scores: Float32Array) => readonly number[];
  /** Those that the model has no layers for are left out, unless they were asked for by name. */
  #methods: readonly AttributionMethod[];
  /** Why a method was left out. */
  readonly notes: string[] = [];

  constructor(model: Model, flags: ExplainFlags, signal: AbortSignal) {
    this.#model = model;
    this.#flags = flags;
    this.#signal = signal;
    this.#methods = methodsOf(flags);
    this.#probabilities = probabilitiesFrom(model);
  }

  async explain({ name, image }: SeenPhoto, onProgress: ExplainProgress): Promise<ExplainedPhoto> {
    const pixels = new Tensor("uint8", [1, ...this.#model.inputShape], image.pixels);
    const scores = (await this.#model.predict(pixels)).data;
    const probabilities = this.#probabilities(scores);
    const ranked = likeliestClasses(probabilities, probabilities.length, this.#model.classNames);
    const asked = this.#asked(ranked);
    const maps = await this.#maps(
      image,
      asked.map((one) => one.class),
      onProgress,
    );
    return {
      name,
      image,
      top: ranked.slice(0, listed),
      classes: asked.map((one, index) => {
        const own = maps.map((all) => all[index]);
        return { ...one, score: own[0]?.score ?? scores[one.class], maps: own };
      }),
    };
  }

  /** @throws OptionError for a class that the model does not have */
  #asked(ranked: readonly ClassProbability[]): readonly ClassProbability[] {
    const { class: asked, top = 2 } = this.#flags;
    if (asked === undefined) return ranked.slice(0, top);
    const found =
      ranked.find(({ name }) => name === asked) ?? ranked.find((one) => String(one.class) === asked);
    if (found !== undefined) return [found];
    const { classNames } = this.#model;
    throw new OptionError(`the model has no class "${asked}"`, {
      where: "--class",
      hint:
        classNames === null ? `Give a number from 0 to ${ranked.length - 1}.` : nameHint(asked, classNames),
    });
  }

  /** By method and class. */
  async #maps(
    image: DecodedImage,
    classes: readonly number[],
    onProgress: ExplainProgress,
  ): Promise<Attribution[][]> {
    const pixels = new Uint8Array(classes.length * image.pixels.length);
    for (const row of classes.keys()) pixels.set(image.pixels, row * image.pixels.length);
    const images = new Tensor("uint8", [classes.length, ...this.#model.inputShape], pixels);
    const found: Attribution[][] = [];
    for (const method of this.#methods) {
      const options = this.#optionsOf(method, classes, onProgress);
      try {
        found.push(await attribute(this.#model, images, options));
      } catch (error) {
        if (!(error instanceof ShapeError) || !this.#mayMiss(method)) throw error;
        this.notes.push(`${method} is left out: ${error.what}`);
        this.#methods = this.#methods.filter((other) => other !== method);
      }
    }
    return found;
  }

  #mayMiss(method: AttributionMethod): boolean {
    const { method: asked = ["all"], layer } = this.#flags;
    return (
      method === "grad-cam" && layer === undefined && !asked.includes(method) && this.#methods.length > 1
    );
  }

  #optionsOf(
    method: AttributionMethod,
    classes: readonly number[],
    onProgress: ExplainProgress,
  ): AttributeOptions {
    const { layer, patch, stride, fill, samples, noise, seed, steps, baseline, batchSize } = this.#flags;
    const common = {
      class: classes,
      signal: this.#signal,
      batchSize: batchSize ?? null,
      onProgress: (done: number, total: number) => onProgress(method, done, total),
    };
    switch (method) {
      case "grad-cam":
        return { ...common, method, tap: layer ?? null };
      case "occlusion":
        return { ...common, method, patch: patch ?? null, stride: stride ?? null, ...(fill && { fill }) };
      case "smooth-grad":
        return {
          ...common,
          method,
          ...(samples !== undefined && { samples }),
          ...(noise !== undefined && { noise }),
          ...(seed !== undefined && { seed }),
        };
      case "integrated-gradients":
        return { ...common, method, ...(steps !== undefined && { steps }), ...(baseline && { baseline }) };
      default:
        return { ...common, method };
    }
  }
}
