/**
 * The lab: the worker that owns models, data and the engine. The page's own thread only draws, so that it answers at once
 * however large a net is.
 */
import { expose, proxy } from "comlink";
import { backprop } from "./backprop.ts";
import { datasets } from "./datasets.ts";
import { engine } from "./engine.ts";
import { images } from "./images.ts";
import { lazySide } from "./lazy.ts";
import { look } from "./look.ts";
import { models } from "./models.ts";
import { move } from "./move.ts";
import { runs } from "./runs.ts";
import { starter } from "./starter.ts";
import { train } from "./train.ts";

/** What the page can ask for. Each panel has a side of its own here. */
const lab = {
  backprop: proxy(backprop),
  datasets: proxy(datasets),
  decides: proxy(lazySide(async () => (await import("./decides.ts")).decides)),
  engine: proxy(engine),
  images: proxy(images),
  look: proxy(look),
  modelFile: proxy(lazySide(async () => (await import("./model-file.ts")).modelFile)),
  models: proxy(models),
  move: proxy(move),
  runs: proxy(runs),
  starter: proxy(starter),
  teach: proxy(lazySide(async () => (await import("./teach.ts")).teach)),
  train: proxy(train),
};

export type Lab = typeof lab;

expose(lab);
