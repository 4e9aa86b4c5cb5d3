import { type MovedModel, shareText, type TranslationFigures } from "../../inspect/index.ts";
import { trainingShift, type Variant, type VariantId } from "./variants.ts";

/** A net of the experiment, trained and judged. */
export interface TrainedVariant extends MovedModel {
  readonly variant: Variant;
  readonly epochs: number;
  /** Of training alone. */
  readonly seconds: number;
  /** The run's folder. */
  readonly run: string;
  /** Accuracy on all test images, unmoved. */
  readonly accuracy: number;
}

/** A question, and what the figures answer. */
export interface Finding {
  readonly id: "dense" | "convolution" | "moved" | "global" | "blur" | "order";
  /** The answer in a line. */
  readonly title: string;
  readonly sentences: readonly string[];
}

/** Whether a figure is greater than another by more than chance makes of so many images. */
export type Verdict = "more" | "less" | "same";

/**
 * Compares two shares that were measured on n images each. Less than their standard error counts as nothing:
 *
 *   sqrt(p (1 - p) / n) with p the mean of both
 */
export function verdictOf(a: number, b: number, images: number): Verdict {
  const middle = (a + b) / 2;
  const error = Math.sqrt((middle * (1 - middle)) / images);
  if (Math.abs(a - b) <= Math.max(error, 0.001)) return "same";
  return a > b ? "more" : "less";
}

type Share = "accuracy" | "consistency";

/** What the report takes for a small move, in pixels at most. */
const smallMoves = 3;

/** Figures of the nets by name and distance. */
class Figures {
  readonly #nets: ReadonlyMap<VariantId, TrainedVariant>;
  readonly images: number;
  readonly farthest: number;

  constructor(nets: readonly TrainedVariant[]) {
    this.#nets = new Map(nets.map((net) => [net.variant.id, net]));
    const [{ map }] = nets;
    this.images = map.examples;
    this.farthest = map.maxShift;
  }

  net(id: VariantId): TrainedVariant {
    const net = this.#nets.get(id);
    if (net === undefined) throw new Error(`there is no net ${id}`);
    return net;
  }

  /** A distance of the experiment at most. */
  within(distance: number): number {
    return Math.min(distance, this.farthest);
  }

  at(id: VariantId, distance: number, share: Share = "accuracy"): number {
    return this.net(id).map.byDistance[distance]?.[share] ?? 0;
  }

  verdict(a: VariantId, b: VariantId, distance: number): Verdict {
    return verdictOf(this.at(a, distance), this.at(b, distance), this.images);
  }

  /** The mean over all moves of up to a distance, the unmoved image not among them. */
  upTo(id: VariantId, distance: number, share: Share): number {
    const near = this.net(id).map.byDistance.slice(1, distance + 1);
    const moves = near.reduce((sum, each) => sum + each.moves, 0);
    return near.reduce((sum, each) => sum + each.moves * each[share], 0) / moves;
  }

  /** Whether half of what a net knows of unmoved images is left. */
  bears(id: VariantId, distance: number): boolean {
    return this.at(id, distance) >= this.net(id).map.clean.accuracy / 2;
  }

  /** `97.1 % at 1 px, 63.2 % at 2 px and 17.6 % at 4 px`. */
  along(id: VariantId, distances: readonly number[]): string {
    const texts = [...new Set(distances.map((distance) => this.within(distance)))].map(
      (distance) => `${shareText(this.at(id, distance))} at ${distance} px`,
    );
    return listed(texts);
  }

  /** `91.0 % against 78.7 %, 12.3 points more`. */
  difference(a: VariantId, b: VariantId, distance: number): string {
    return this.beside(this.at(a, distance), this.at(b, distance));
  }

  beside(own: number, other: number): string {
    const verdict = verdictOf(own, other, this.images);
    const points = `${Math.abs(100 * (own - other)).toFixed(1)} points ${verdict}`;
    const text = verdict === "same" ? "no difference that counts" : points;
    return `${shareText(own)} against ${shareText(other)}, ${text}`;
  }
}

function listed(texts: readonly string[]): string {
  if (texts.length < 2) return texts.join("");
  return `${texts.slice(0, -1).join(", ")} and ${texts[texts.length - 1]}`;
}

/**
 * What the experiment found: every sentence is made of the figures, and says what they say, whichever way they fall.
 *
 * @param nets - all variants
 */
export function findingsOf(nets: readonly TrainedVariant[]): readonly Finding[] {
  const figures = new Figures(nets);
  return [
    ofDense(figures),
    ofConvolution(figures),
    ofMovedDigits(figures),
    ofGlobalPooling(figures),
    ofBlur(figures),
    ofOrder(figures, nets),
  ];
}

function ofDense(figures: Figures): Finding {
  const { map, accuracy } = figures.net("dense");
  const half = map.byDistance.find(({ distance }) => !figures.bears("dense", distance));
  return {
    id: "dense",
    title:
      half === undefined
        ? `The dense net bears moves of up to ${figures.farthest} px`
        : `A dense net is lost after ${half.distance} px`,
    sentences: [
      `It has ${shareText(accuracy)} of the unmoved test digits right, and ${figures.along("dense", [1, 2, 4, figures.farthest])}.`,
      "Each of its weights belongs to one pixel: a moved stroke meets weights that have learned something else, or nothing.",
    ],
  };
}

function ofConvolution(figures: Figures): Finding {
  const near = figures.within(2);
  const far = figures.farthest;
  const verdict = figures.verdict("convnet", "dense", near);
  const helps = { more: "helps a little", same: "changes nothing", less: "does not help" }[verdict];
  const title = figures.bears("convnet", far)
    ? "Convolution is enough here"
    : `Convolution alone ${helps}, and the net ${verdict === "more" ? "still" : "also"} collapses`;
  return {
    id: "convolution",
    title,
    sentences: [
      `Beside the dense net, the convolutional one has right: at ${near} px ${figures.difference("convnet", "dense", near)}; at ${far} px ${figures.difference("convnet", "dense", far)}.`,
      figures.bears("convnet", far)
        ? "Its filters find a stroke wherever it is, and what stands behind them has not unlearned that."
        : "Its filters find a stroke wherever it is. But what they find is flattened, and the last layer has a weight for each place again: it is a dense net on better pixels.",
    ],
  };
}

function ofMovedDigits(figures: Figures): Finding {
  const seen = figures.within(trainingShift);
  const far = figures.farthest;
  const [dense, convnet] = [
    figures.verdict("dense-moved", "dense", seen),
    figures.verdict("convnet-moved", "convnet", seen),
  ];
  const both = dense === "more" && convnet === "more";
  const clean = (id: VariantId) => figures.net(id).accuracy;
  const costs = (own: VariantId, other: VariantId) => {
    const points = 100 * (clean(own) - clean(other));
    return `${points >= 0 ? "+" : "\u2212"}${Math.abs(points).toFixed(1)} points`;
  };
  const epochs = (id: VariantId) => figures.net(id).epochs;
  const helped = dense === "more" || convnet === "more";
  const beyond =
    helped && far > seen
      ? ` Beyond what it has seen it falls: ${figures.along("dense-moved", [seen, far])} for the dense net, ${figures.along("convnet-moved", [seen, far])} for the convolutional one.`
      : "";
  const falls = (id: VariantId) =>
    verdictOf(figures.at(id, far), figures.at(id, seen), figures.images) === "less";
  return {
    id: "moved",
    title: both
      ? "Digits that are moved in training help both kinds of nets"
      : helped
        ? "Digits that are moved in training help one of the nets"
        : "Digits that are moved in training did not help",
    sentences: [
      `Trained on digits that are moved by up to ${trainingShift} px, beside the same net trained on digits as they are, and tested at ${seen} px: dense ${figures.difference("dense-moved", "dense", seen)}; convolutional ${figures.difference("convnet-moved", "convnet", seen)}.`,
      `On unmoved digits that makes ${costs("dense-moved", "dense")} for the dense net and ${costs("convnet-moved", "convnet")} for the convolutional one, in the same number of epochs (${epochs("dense-moved")} and ${epochs("convnet-moved")}).${falls("dense-moved") && falls("convnet-moved") ? beyond : ""}`,
    ],
  };
}

function ofGlobalPooling(figures: Figures): Finding {
  const far = figures.farthest;
  const near = figures.within(2);
  const helps = figures.verdict("convnet-gmp", "convnet", far) === "more";
  const clean = 100 * (figures.net("convnet-gmp").accuracy - figures.net("convnet").accuracy);
  const cost =
    clean < -0.5
      ? `It costs ${(-clean).toFixed(1)} points on unmoved digits after so few epochs: where a stroke is says something about the digit, too.`
      : `On unmoved digits it costs nothing that counts (${clean >= 0 ? "+" : "\u2212"}${Math.abs(clean).toFixed(1)} points).`;
  return {
    id: "global",
    title: helps
      ? figures.bears("convnet-gmp", far)
        ? "A head that forgets places bears moves it has never seen"
        : "A head that forgets places helps, and is not enough"
      : "A head that forgets places did not help",
    sentences: [
      `It takes the greatest value of each filter, wherever it is, in place of all values. Beside the flattened net: at ${near} px ${figures.difference("convnet-gmp", "convnet", near)}; at ${far} px ${figures.difference("convnet-gmp", "convnet", far)}. No moved digit was in its training.`,
      cost,
    ],
  };
}

function ofBlur(figures: Figures): Finding {
  const near = figures.within(smallMoves);
  const gain = (id: VariantId, plain: VariantId) => {
    const [own, other] = [figures.upTo(id, near, "consistency"), figures.upTo(plain, near, "consistency")];
    return { verdict: verdictOf(own, other, figures.images), text: figures.beside(own, other) };
  };
  const gains = [gain("convnet-blur", "convnet"), gain("convnet-gmp-blur", "convnet-gmp")] as const;
  const raised = gains.filter(({ verdict }) => verdict === "more").length;
  const lowered = gains.some(({ verdict }) => verdict === "less");
  const title =
    raised === 2
      ? "Anti-aliasing makes answers steadier for small moves"
      : raised === 1
        ? `Anti-aliasing makes answers steadier in one net${lowered ? ", and less steady in the other" : ""}`
        : "Anti-aliasing did not make answers steadier here";
  const far = figures.farthest;
  const rescued = figures.bears("convnet-blur", far);
  return {
    id: "blur",
    title,
    sentences: [
      `Answers that moves of up to ${near} px leave as they are, with the blur and without: of the flattened net ${gains[0].text}; of the one with global pooling ${gains[1].text}.`,
      stepping(figures),
      rescued
        ? `At ${far} px the flattened net with the blur still has ${shareText(figures.at("convnet-blur", far))} right.`
        : `It does not rescue a flattened net: at ${far} px ${shareText(figures.at("convnet-blur", far))} are right with the blur, ${shareText(figures.at("convnet", far))} without. A blur takes care of what is between pixels, not of where things are.`,
    ],
  };
}

/** Whether moves by one pixel are worse than by two, as pooling in steps of two makes them. */
function stepping(figures: Figures): string {
  if (figures.farthest < 2) return "";
  const [one, two] = [
    figures.at("convnet-gmp", 1, "consistency"),
    figures.at("convnet-gmp", 2, "consistency"),
  ];
  const [own, other] = [
    figures.at("convnet-gmp-blur", 1, "consistency"),
    figures.at("convnet-gmp-blur", 2, "consistency"),
  ];
  if (verdictOf(one, two, figures.images) !== "less") {
    return `Global pooling keeps ${shareText(one)} of its answers at 1 px and ${shareText(two)} at 2 px.`;
  }
  const blurred =
    two - one > 2 * (other - own)
      ? "The blur takes most of that step away"
      : other - own < two - one
        ? "The blur makes that step smaller"
        : "The blur does not make that step smaller";
  return `Pooling in steps of two is why a net with global pooling keeps fewer answers when moved by one pixel (${shareText(one)}) than by two (${shareText(two)}): after two, the same windows meet the same strokes. ${blurred}: ${shareText(own)} and ${shareText(other)}.`;
}

/** Which nets come out best over all moves. */
function ofOrder(figures: Figures, nets: readonly TrainedVariant[]): Finding {
  const meanOf = (net: TrainedVariant, name: keyof TranslationFigures) => {
    const moved = net.map.moves.filter(({ dx, dy }) => dx !== 0 || dy !== 0);
    return moved.reduce((sum, move) => sum + move[name], 0) / moved.length;
  };
  const best = (name: Share) => nets.toSorted((a, b) => meanOf(b, name) - meanOf(a, name));
  const byAccuracy = best("accuracy");
  const [first, second] = byAccuracy;
  const last = byAccuracy[byAccuracy.length - 1];
  const [steadiest] = best("consistency");
  const alike = byAccuracy.filter((net) => {
    return verdictOf(meanOf(first, "accuracy"), meanOf(net, "accuracy"), figures.images) === "same";
  });
  const names = alike.map(({ name }) => `\u201c${name}\u201d`);
  const clean = nets.toSorted((a, b) => b.accuracy - a.accuracy)[0];
  const side = 2 * figures.farthest + 1;
  return {
    id: "order",
    title:
      alike.length === nets.length
        ? "Over all moves no net stands out"
        : `Over all moves ${listed(names)} ${names.length === 1 ? "is" : "are"} right most often`,
    sentences: [
      `Over all ${side * side - 1} moves, \u201c${first?.name}\u201d has most right (${shareText(meanOf(first, "accuracy"))}), before \u201c${second?.name}\u201d (${shareText(meanOf(second, "accuracy"))}); \u201c${last?.name}\u201d has least (${shareText(meanOf(last, "accuracy"))}). The steadiest answers has \u201c${steadiest?.name}\u201d (${shareText(meanOf(steadiest, "consistency"))}). On unmoved digits \u201c${clean?.name}\u201d is best (${shareText(clean?.accuracy ?? 0)}).`,
    ],
  };
}
