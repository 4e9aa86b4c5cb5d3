import { describe, expect, test } from "vitest";
import { movesByRow } from "../../inspect/translation/moves.ts";
import { Tensor } from "../../tensor/index.ts";
import { findingsOf, type TrainedVariant, verdictOf } from "./findings.ts";
import { experimentReport } from "./report.ts";
import { type VariantId, variants } from "./variants.ts";

/** Accuracy and consistency by distance, 0 to 6; what is unmoved is always the same answer. */
interface Course {
  readonly accuracy: readonly number[];
  readonly consistency?: readonly number[];
}

const collapses = [0.98, 0.94, 0.75, 0.45, 0.2, 0.12, 0.09];
const steady = [0.93, 0.93, 0.93, 0.92, 0.92, 0.91, 0.9];

/** Nets with the figures that are given, all others as a dense net. */
function netsWith(courses: Partial<Record<VariantId, Course>>, images = 1000): TrainedVariant[] {
  return variants.map((variant) => {
    const { accuracy, consistency = accuracy.with(0, 1) } = courses[variant.id] ?? { accuracy: collapses };
    const figures = (distance: number) => ({
      accuracy: accuracy[distance] ?? 0,
      consistency: consistency[distance] ?? 0,
      loss: 1 + distance,
    });
    const distanceOf = (dx: number, dy: number) => Math.max(Math.abs(dx), Math.abs(dy));
    return {
      ...{ variant, name: variant.name, parameters: 10, classNames: null, epochs: 1, seconds: 2.5 },
      ...{
        run: `runs/${variant.id}`,
        accuracy: accuracy[0] ?? 0,
        images: Tensor.zeros("uint8", [0, 28, 28, 1]),
      },
      map: {
        ...{ maxShift: 6, background: "zeros", examples: images, flips: [] },
        clean: { accuracy: accuracy[0] ?? 0, loss: 1 },
        moves: movesByRow(6).map(({ dx, dy }) => ({
          dx,
          dy,
          ...figures(distanceOf(dx, dy)),
          examples: images,
        })),
        byDistance: accuracy.map((_, distance) => {
          return { distance, moves: Math.max(1, 8 * distance), lowestAccuracy: 0, ...figures(distance) };
        }),
      },
    };
  });
}

const titles = (nets: readonly TrainedVariant[]) => findingsOf(nets).map(({ title }) => title);

test("what is less than a standard error counts as nothing", () => {
  // sqrt(0.5 * 0.5 / 100) = 0.05
  expect(verdictOf(0.52, 0.48, 100)).toBe("same");
  expect(verdictOf(0.54, 0.46, 100)).toBe("more");
  expect(verdictOf(0.46, 0.54, 100)).toBe("less");
  expect(verdictOf(0.52, 0.48, 10_000)).toBe("more");
  expect(verdictOf(1, 1, 10)).toBe("same");
});

describe("the text says what the figures say", () => {
  test("as it usually comes out", () => {
    const nets = netsWith({
      "dense-moved": { accuracy: [0.97, 0.97, 0.97, 0.96, 0.95, 0.88, 0.68] },
      convnet: { accuracy: [0.98, 0.95, 0.82, 0.55, 0.3, 0.18, 0.12] },
      "convnet-moved": { accuracy: [0.98, 0.98, 0.98, 0.97, 0.96, 0.9, 0.7] },
      "convnet-gmp": { accuracy: steady, consistency: [1, 0.92, 0.965, 0.92, 0.955, 0.9, 0.89] },
      "convnet-gmp-blur": { accuracy: steady, consistency: [1, 0.955, 0.965, 0.95, 0.96, 0.91, 0.9] },
      "convnet-blur": { accuracy: [0.98, 0.97, 0.86, 0.62, 0.38, 0.22, 0.14] },
    });
    expect(titles(nets)).toEqual([
      "A dense net is lost after 3 px",
      "Convolution alone helps a little, and the net still collapses",
      "Digits that are moved in training help both kinds of nets",
      "A head that forgets places bears moves it has never seen",
      "Anti-aliasing makes answers steadier for small moves",
      "Over all moves \u201cglobal pooling\u201d and \u201cglobal, anti-aliased\u201d are right most often",
    ]);
    const text = findingsOf(nets).flatMap(({ sentences }) => sentences);
    expect(text).toContain(
      "Beside the dense net, the convolutional one has right: at 2 px 82.0\u00a0% against 75.0\u00a0%, 7.0 points more; at 6 px 12.0\u00a0% against 9.0\u00a0%, 3.0 points more.",
    );
    expect(text).toContain(
      "It costs 5.0 points on unmoved digits after so few epochs: where a stroke is says something about the digit, too.",
    );
    const joined = text.join(" ");
    expect(joined).toContain(
      "Beyond what it has seen it falls: 95.0\u00a0% at 4 px and 68.0\u00a0% at 6 px for the dense net",
    );
    expect(joined).toContain(
      "keeps fewer answers when moved by one pixel (92.0\u00a0%) than by two (96.5\u00a0%)",
    );
    expect(joined).toContain("The blur takes most of that step away");
    expect(joined).toContain(
      "It does not rescue a flattened net: at 6 px 14.0\u00a0% are right with the blur, 12.0\u00a0% without.",
    );
  });

  test("where nothing makes a difference", () => {
    const nets = netsWith({});
    expect(titles(nets)).toEqual([
      "A dense net is lost after 3 px",
      "Convolution alone changes nothing, and the net also collapses",
      "Digits that are moved in training did not help",
      "A head that forgets places did not help",
      "Anti-aliasing did not make answers steadier here",
      "Over all moves no net stands out",
    ]);
    expect(findingsOf(nets)[1]?.sentences[0]).toContain("no difference that counts");
    expect(findingsOf(nets)[2]?.sentences.join(" ")).not.toContain("Beyond");
  });

  test("where it comes out the other way round", () => {
    const nets = netsWith({
      dense: { accuracy: steady },
      "dense-moved": { accuracy: steady },
      convnet: { accuracy: steady.map((share) => share - 0.1) },
      "convnet-moved": { accuracy: steady },
      "convnet-blur": { accuracy: steady, consistency: steady.map((share) => share - 0.2).with(0, 1) },
    });
    expect(titles(nets)).toEqual([
      "The dense net bears moves of up to 6 px",
      "Convolution is enough here",
      "Digits that are moved in training help one of the nets",
      "A head that forgets places did not help",
      "Anti-aliasing did not make answers steadier here",
      "Over all moves \u201cdense\u201d, \u201cdense, moved digits\u201d, \u201cconvolution, moved digits\u201d and \u201canti-aliased\u201d are right most often",
    ]);
    expect(findingsOf(nets)[4]?.sentences.join(" ")).toContain(
      "At 6 px the flattened net with the blur still has 90.0\u00a0% right.",
    );
  });

  test("the page has every answer, every net and every map", async () => {
    const nets = netsWith({ "convnet-gmp": { accuracy: steady } });
    const page = await experimentReport({
      ...{ nets, trainExamples: 60_000, testExamples: 10_000, seed: 3, engine: "wasm", seconds: 75 },
    });
    for (const title of titles(nets)) expect(page).toContain(title);
    for (const { name, idea } of variants)
      expect(page).toContain(`>${name}</th><td class="name">${idea}</td>`);
    expect(page.match(/<svg class="chart heat"/g)).toHaveLength(3 * variants.length);
    expect(page).toContain("60,000 digits");
    expect(page).not.toContain("undefined");
    expect(page).not.toContain("NaN");
  });
});
