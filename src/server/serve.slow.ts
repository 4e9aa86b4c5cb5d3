import { afterEach, expect, test } from "vitest";
import { softmaxOf } from "../models/index.ts";
import { Tensor } from "../tensor/tensor.ts";
import { grayImage, postImage, servedModel } from "../testing/served-model.ts";
import { type RunningService, type ServeOptions, serve } from "./serve.ts";
import type { PredictAnswer } from "./service.ts";

const model = servedModel();
let service: RunningService | undefined;

async function start(options: ServeOptions): Promise<RunningService> {
  service = await serve(model, { port: 0, ...options });
  return service;
}

afterEach(async () => {
  await service?.close(0);
});

test("a thousand requests at the same time, each answered with its own", async () => {
  const { address, service: inner } = await start({ workers: 1 });
  const values = Array.from({ length: 1000 }, (_, index) => index % 256);
  const answers = await Promise.all(values.map((value) => postImage(address, grayImage(value), false)));
  const images = Uint8Array.from({ length: 256 * 16 }, (_, index) => Math.floor(index / 16));
  const outputs = await model.predict(new Tensor("uint8", [256, 4, 4, 1], images));
  for (const [index, { status, text }] of answers.entries()) {
    const { top }: PredictAnswer = JSON.parse(text);
    const probabilities = softmaxOf(outputs.data.subarray(3 * values[index], 3 * values[index] + 3));
    const expected = [...probabilities].sort((a, b) => b - a);
    expect([status, ...top.map(({ probability }) => probability.toFixed(6))]).toEqual([
      200,
      ...expected.map((probability) => probability.toFixed(6)),
    ]);
  }
  expect(inner.inHand).toBe(0);
});

test("a thousand against a short queue: all are answered, most are told to come again", async () => {
  const { address } = await start({ queue: 10, workers: 0 });
  const answers = await Promise.all(
    Array.from({ length: 1000 }, () => postImage(address, grayImage(7), false)),
  );
  const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
  expect(count(200)).toBeGreaterThanOrEqual(10);
  expect(count(200) + count(503)).toBe(1000);
  expect((await postImage(address, grayImage(7), false)).status).toBe(200);
});
