/**
 * The lab: the worker that owns models, data and the engine. The page's own thread only draws, so that it answers at once
 * however large a net is.
 */
import { expose, proxy } from "comlink";
import { backprop } from "./backprop.ts";
import { datasets } from "./datasets.ts";
import { engine } from "./engine.ts";
import { lazySide } from "./lazy.ts";
import { models } from "./models.ts";
import { runs } from "./runs.ts";
import { train } from "./train.ts";

/** What the page can ask for. Each panel has a side of its own here. */
const lab = {
  backprop: proxy(backprop),
  datasets: proxy(datasets),
  engine: proxy(engine),
  models: proxy(models),
  runs: proxy(runs),
  train: proxy(train),
  teach: proxy(lazySide(async () => (await import("./teach.ts")).teach)),
};

export type Lab = typeof lab;

expose(lab);
