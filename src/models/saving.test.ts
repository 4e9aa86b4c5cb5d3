import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { Tensor } from "../tensor/index.ts";
import { halves } from "../testing/halves.ts";
import { small } from "../testing/small-model.ts";
import { Model } from "./model.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-"));
});

afterEach(() => rm(folder, { recursive: true }));

/** An engine that tells of each variable that is read, and takes its time for it. */
function slowReader(onRead: (names: readonly string[]) => void): Engine {
  const engine = createReferenceEngine();
  return {
    ...engine,
    openSession: async () => {
      const session = await engine.openSession();
      return new Proxy(session, {
        get: (target, name) => {
          if (name === "read")
            return async (variable: string) => {
              onRead([variable]);
              await new Promise((resolve) => setTimeout(resolve, 5));
              return await target.read(variable);
            };
          if (name === "readAll")
            return (variables: readonly string[]) => {
              onRead(variables);
              return target.readAll(variables);
            };
          const value = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
}

test("a model is written weight by weight: no two of them are read at once", async () => {
  const reads: (readonly string[])[] = [];
  const model = small(slowReader((names) => reads.push(names)));
  await model.predict(halves(2).images);
  const path = join(folder, "m");
  await model.save(path);
  expect(reads.map(({ length }) => length)).toEqual(reads.map(() => 1));
  const weights = reads.length;
  expect((await model.getWeights()).size).toBe(weights);
  expect(new Uint8Array(await readFile(path))).toEqual(await model.toBytes());
});

test("training and changes of weights wait for a file that is being written", async () => {
  const model = small(
    slowReader(() => {}),
    3,
  );
  await model.predict(halves(2).images);
  const before = await model.getWeights();
  const path = join(folder, "m");
  const saving = model.save(path);
  const changing = model.setWeights(new Map([["dense.bias", Tensor.from([7, 8])]]));
  const training = model.fit(halves(4), { batchSize: 2 });
  await Promise.all([saving, changing, training]);
  const loaded = await Model.load(path, { engine: createReferenceEngine() });
  expect(await loaded.getWeights()).toEqual(before);
  expect(await model.getWeights()).not.toEqual(before);
});

test("the weights of a model that is being trained are all read at one moment", async () => {
  const reads: (readonly string[])[] = [];
  const model = small(slowReader((names) => reads.push(names)));
  const path = join(folder, "m");
  const saves: Promise<void>[] = [];
  const saveOnce = () => {
    if (saves.length === 0) saves.push(model.save(path));
  };
  await model.fit(halves(12), { batchSize: 2, epochs: 2, callbacks: [{ onProgress: saveOnce }] });
  await Promise.all(saves);
  expect(saves).toHaveLength(1);
  const names = [...(await model.getWeights()).keys()];
  expect(reads[0]).toEqual(names);
  const loaded = await Model.load(path, { engine: createReferenceEngine() });
  expect([...(await loaded.getWeights()).keys()]).toEqual(names);
});
