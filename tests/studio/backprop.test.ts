import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BackpropOptions, chainPaths, costAlong, formatNumber, walkBackprop } from "../../src/index.ts";
import { lacksChromium } from "../support/chromium.ts";
import { watchMainThread } from "../support/main-thread.ts";
import { type StudioBrowser, screenshots, startStudio } from "../support/studio.ts";

/** What the panel begins with. */
const scalar: BackpropOptions = { depth: 3, input: [0.5], target: [1], seed: 1 };
const wide: BackpropOptions = { depth: 2, width: 3, input: [0.5, -1], target: [1, 0, 0.5], seed: 4 };

const textOf = (parts: readonly { readonly text: string }[]) => parts.map(({ text }) => text).join("");

/** Polls longer than usual: on a busy machine the page comes to it later. */
const eventually: typeof expect.poll = (read, options) => expect.poll(read, { timeout: 10_000, ...options });

describe.skipIf(lacksChromium("Studio's panel Backprop"))("Studio's panel Backprop", () => {
  let studio: StudioBrowser;
  beforeAll(async () => {
    studio = await startStudio();
  }, 60_000);
  afterAll(() => studio?.close());

  async function open() {
    const opened = await studio.open("backprop");
    await opened.page.locator("svg.net").waitFor();
    return opened;
  }

  test("walks through the scalar net by keyboard, with the library's figures and the chain lit edge by edge", async () => {
    const { page, complaints, close } = await open();
    const longTasks = await watchLongTasks(page);
    const walk = walkBackprop(scalar);
    const forward = [...walk.forward.flatMap(({ equations }) => equations), walk.cost];
    const ordered = walk.backward.flatMap(({ slopes, partials }) => {
      const isState = (name: string) => name.startsWith("dC/da");
      return [
        ...partials.filter(({ name }) => isState(name)),
        ...slopes,
        ...partials.filter(({ name }) => !isState(name)),
      ];
    });
    // Without a click, as the keys are named beside the drawing; back again, and on with the focus in it.
    await page.keyboard.press("ArrowRight");
    await page.locator('[data-step="z1"]').waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.locator('[data-step="x"]').waitFor();
    await page.locator(".stepper").focus();
    for (const line of [...forward, ...ordered]) {
      await page.keyboard.press("ArrowRight");
      await page.locator(`[data-step="${line.name}"]`).waitFor();
      expect(await page.locator("output.value").textContent()).toBe(formatNumber(line.value));
      const first = await page.locator(".formula dd").first().textContent();
      expect(first).toBe(`${textOf(line.formula)} = ${textOf(line.numbers)} = ${formatNumber(line.value)}`);
      expect(await page.locator(".sentence").textContent()).toContain(formatNumber(line.value));
      if (line.name.startsWith("s'") || forward.includes(line)) continue;
      const keys = chainPaths(walk, line.name)[0].factors.map(({ of, by }) => `${of}<${by}`);
      expect(await edges(page, "known")).toEqual([...keys.slice(0, -1)].sort());
      expect(await edges(page, "added")).toEqual(keys.slice(-1));
    }
    expect(await page.getByRole("button", { name: "Next step" }).isDisabled()).toBe(true);
    await page.keyboard.press("Home");
    await page.locator('[data-step="x"]').waitFor();
    expect(await page.locator(".node.unknown").count()).toBe(6);
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await page.locator('[data-step="dC/dw1"]').waitFor();
    // Every derivative in the drawing, in the digits there is room for.
    for (const { name, value } of walk.backward.flatMap(({ partials }) => partials)) {
      if (name === "dC/db1") continue;
      const badge = page.locator(`.badge[data-badge="${name}"] .value`);
      expect(await badge.textContent()).toBe(String(Number(value.toPrecision(4))));
    }
    await page.evaluate(() => scrollTo(0, 0));
    expect(await screenshots(page, "backprop-scalar")).toEqual([]);
    expect(await longTasks()).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test("follows sliders and choices at once, and checks by nudging", async () => {
    const { page, complaints, close } = await open();
    const longTasks = await watchLongTasks(page);
    const { weights, biases } = walkBackprop(scalar);
    await page.locator(".stepper").focus();
    await page.keyboard.press("End");
    const value = page.locator("output.value");
    const slider = page.locator(".sliders").getByLabel("w2", { exact: false });
    await slider.focus();
    for (let press = 0; press < 7; press++) await page.keyboard.press("ArrowRight");
    const moved: BackpropOptions = { ...scalar, weights: weights.with(1, 0.77), biases };
    await eventually(() => value.textContent()).toBe(formatNumber(partialOf(moved, "dC/db1").value));

    await page.getByText("Check by nudging b1").click();
    const { nudge, centralDifference } = partialOf(moved, "dC/db1");
    expect(await page.locator(".nudging dd").allTextContents()).toEqual([
      nudge.step.toPrecision(3),
      nudge.above.toPrecision(12),
      nudge.below.toPrecision(12),
      formatNumber(centralDifference),
    ]);
    expect(await page.locator(".nudging p").textContent()).toContain("✓ The same");

    await page.getByLabel("Non-linearity s").selectOption("tanh");
    await page.getByLabel("Cost C").selectOption("cross-entropy");
    const other: BackpropOptions = { ...moved, nonLinearity: "tanh", cost: "cross-entropy" };
    await eventually(() => value.textContent()).toBe(formatNumber(partialOf(other, "dC/db1").value));
    await page.getByLabel("Layers").selectOption("4");
    const deep: BackpropOptions = { ...scalar, depth: 4, nonLinearity: "tanh", cost: "cross-entropy" };
    await page.locator(".stepper").focus();
    await page.keyboard.press("End");
    await eventually(() => value.textContent()).toBe(formatNumber(partialOf(deep, "dC/db1").value));
    await page.getByLabel("Layers").selectOption("1");
    const linear: BackpropOptions = { ...deep, depth: 1 };
    await eventually(() => value.textContent()).toBe(formatNumber(partialOf(linear, "dC/db1").value));
    expect(await longTasks()).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test("steps down the cost, overshoots, and says when it is lost", async () => {
    const { page, complaints, close } = await open();
    const cost = page.locator("p[role=status] output");
    await page.getByRole("button", { name: "One step" }).click();
    const first = walkBackprop({ ...scalar, steps: 1 });
    await eventually(() => cost.textContent()).toBe(formatNumber(first.steps[1].cost));
    await page.getByRole("button", { name: "Ten steps" }).click();
    const eleven = walkBackprop({ ...scalar, steps: 11 });
    await eventually(() => cost.textContent()).toBe(formatNumber(eleven.steps[11].cost));
    await page.locator(".chart canvas").waitFor();
    await page.getByRole("button", { name: "Reset" }).click();
    await eventually(() => cost.textContent()).toBe(formatNumber(first.steps[0].cost));

    // Along w3 alone the cost is a parabola: its tangent is the derivative, and a long step leads up its other side.
    await page.getByLabel("change w3 alone").check();
    await page.getByLabel("Learning rate").fill("0.85");
    const long: BackpropOptions = { ...scalar, learningRate: 7.08, only: "w3", steps: 1 };
    const step = walkBackprop(long);
    const tangent = page.locator(".card", { hasText: "The cost along one parameter" }).locator("p output");
    await eventually(() => tangent.textContent()).toBe(formatNumber(partialOf(scalar, "dC/dw3").value));
    await page.getByText("too far, the cost rises").waitFor();
    expect(await page.locator(".curve .next").count()).toBe(1);
    await page.getByRole("button", { name: "One step" }).click();
    await eventually(() => cost.textContent()).toBe(formatNumber(step.steps[1].cost));
    expect(costAlong(scalar, "w3", [step.after.weights[2]])[0]).toBeCloseTo(step.steps[1].cost, 12);
    await page.getByText("it rose, the step was too long here").waitFor();
    await page.evaluate(() => scrollTo(0, 0));
    expect(await screenshots(page, "backprop-descent")).toEqual([]);

    await page.getByLabel("Learning rate").fill("1.5");
    for (let press = 0; press < 3; press++) await page.getByRole("button", { name: "Ten steps" }).click();
    await page.getByText("the steps are too long. Take a smaller rate.").waitFor();
    await page.getByRole("button", { name: "Reset" }).click();
    await eventually(() => cost.textContent()).toBe(formatNumber(first.steps[0].cost));
    expect(complaints).toEqual([]);
    await close();
  });

  test("adds up the ways of a weight in two layers of three units, in the drawing and in matrices", async () => {
    const { page, complaints, close } = await open();
    const longTasks = await watchLongTasks(page);
    await page.getByText("Three units a layer").click();
    await page.locator("svg.wide-net").waitFor();
    const walk = walkBackprop(wide);
    await page.getByRole("button", { name: /^dC\/dW1, row 2, column 1:/ }).click();
    const paths = chainPaths(walk, "dC/dw1[2,1]");
    const ways = page.locator(".ways tr td:last-child");
    await eventually(() => ways.allTextContents()).toEqual([
      ...paths.map(({ value }) => `= ${formatNumber(value)}`),
      `= ${formatNumber(partialOf(wide, "dC/dw1[2,1]").value)}`,
    ]);
    for (const [index, { factors }] of paths.entries()) {
      await eventually(() => page.locator(".ways tr.lit").count()).toBe(1);
      expect(await page.locator(".sentence").textContent()).toContain(`by ${factors[0].by}`);
      const lit = await page.locator(".weight.lit").evaluateAll(dataEdges);
      expect(lit.sort()).toEqual(["w1[2,1]", `w2[${index + 1},2]`]);
      expect(await page.locator(".wire.known").evaluateAll(dataEdges)).toEqual([`C<${factors[0].by}`]);
      await page.locator(".stepper").focus();
      await page.keyboard.press("ArrowRight");
    }
    await eventually(() => page.locator(".wire.known").count()).toBe(3);
    for (const layer of [1, 2]) {
      const entries = await page.locator(`table[aria-label="dC/dW${layer}"] button`).allTextContents();
      const gradient = walk.backward[2 - layer].partials.filter(({ name }) => name.startsWith("dC/dw"));
      expect(entries).toEqual(gradient.map(({ value }) => String(Number(value.toPrecision(3)))));
    }
    await page.evaluate(() => scrollTo(0, 0));
    expect(await screenshots(page, "backprop-wide")).toEqual([]);
    // A line of the drawing is a weight, too; one of the last layer has one way.
    const { left, top, width, height } = await page
      .locator('.weight[data-edge="w2[3,1]"] .reach')
      .evaluate((line) => line.getBoundingClientRect().toJSON());
    await page.mouse.click(left + 0.2 * width, top + 0.2 * height);
    await eventually(() => page.locator(".ways tr").count()).toBe(2);
    expect(await longTasks()).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test("plays, and pauses where it is", async () => {
    const { page, close } = await open();
    await page.getByRole("button", { name: "Play" }).click();
    await page.locator('[data-step="z1"]').waitFor({ timeout: 4000 });
    await page.getByRole("button", { name: "Pause" }).click();
    const at = await page.locator(".counter").textContent();
    await page.waitForTimeout(1800);
    expect(await page.locator(".counter").textContent()).toBe(at);
    await close();
  });
});

function partialOf(options: BackpropOptions, name: string) {
  const partials = walkBackprop(options).backward.flatMap((layer) => layer.partials);
  const found = partials.find((partial) => partial.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

const dataEdges = (all: readonly (Element | SVGElement)[]) =>
  all.map((element) => element.getAttribute("data-edge"));

async function edges(page: Page, part: string): Promise<(string | null)[]> {
  return (await page.locator(`.edge.${part}`).evaluateAll(dataEdges)).sort();
}

/** Processor time of tasks of more than 100 ms on the page's thread from now on. */
async function watchLongTasks(page: Page): Promise<() => Promise<number[]>> {
  const stop = await watchMainThread(page);
  return async () => (await stop()).map(({ computed }) => computed).filter((time) => time > 100);
}
