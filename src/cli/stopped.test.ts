import { expect, test } from "vitest";
import { messageOf } from "../testing/error-message.ts";
import { untilStopped } from "./stopped.ts";

test("work that is stopped says so; other failures stay what they are", async () => {
  const controller = new AbortController();
  const options = { signal: controller.signal, keeps: true };
  expect(await untilStopped("features", options, async () => 3)).toBe(3);
  const fail = () => Promise.reject(new Error("broken"));
  expect(await messageOf(() => untilStopped("features", options, fail))).toBe("Error: broken");
  controller.abort();
  expect(await messageOf(() => untilStopped("features", options, fail))).toBe(
    "TrainingError: features: it was stopped before it was done. What the backbone made of photos is kept: the same command goes on from there.",
  );
  expect(await messageOf(() => untilStopped("features", { ...options, keeps: false }, fail))).toBe(
    "TrainingError: features: it was stopped before it was done. Start it again to have the result.",
  );
});
