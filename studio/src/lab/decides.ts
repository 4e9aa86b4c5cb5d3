import { transfer } from "comlink";
import { attribute } from "fovea";
import { inputFor, type SourceImage, tensorOf } from "./images.ts";
import { modelOf } from "./models.ts";

/** Ways to ask what decides; the panel says what each shows. */
export type DecidingMethod =
  | "grad-cam"
  | "occlusion"
  | "saliency"
  | "smooth-grad"
  | "integrated-gradients"
  | "deconvnet"
  | "guided-backprop";

/** What each pixel counts for the likeliest class. */
export interface Deciding {
  readonly method: DecidingMethod;
  /** Shapes: `[height, width]`. */
  readonly values: Float32Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
  /** Whether values below 0 speak against the class. */
  readonly isSigned: boolean;
  readonly class: number;
  /** Before a softmax. */
  readonly score: number;
}

/** The lab's side of what decides; its code is fetched with the first question. */
export const decides = {
  /** @throws ShapeError for a model that has nothing to explain by this method */
  async ask(id: string, source: SourceImage, method: DecidingMethod): Promise<Deciding> {
    const model = modelOf(id);
    const input = await inputFor(model, source);
    const [answer] = await attribute(model, tensorOf([input]), { method });
    const values = Float32Array.from(answer.values.data);
    const { height, width } = input;
    const { isSigned, class: index, score } = answer;
    return transfer({ method, values, height, width, isSigned, class: index, score }, [values.buffer]);
  },
};
