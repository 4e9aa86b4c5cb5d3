import { type Agent, request } from "node:http";
import { createReferenceEngine } from "../engine/index.ts";
import { layers } from "../layers/index.ts";
import { type Model, sequential } from "../models/index.ts";

/** A model of 4 x 4 gray images with three named classes, for tests of what stands around a model. */
export function servedModel(): Model {
  const model = sequential([layers.flatten({ inputShape: [4, 4, 1] }), layers.dense({ units: 3 })], {
    name: "three",
    seed: 3,
    classNames: ["dark", "<b>bright</b>", "other"],
  });
  model.compile({ engine: createReferenceEngine() });
  return model;
}

/** A PGM file of 4 x 4 pixels, each of the given value. */
export function grayImage(value: number): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode("P5 4 4 255\n");
  const bytes = new Uint8Array(head.length + 16).fill(value);
  bytes.set(head);
  return bytes;
}

/** Posts an image over a connection of its own, or an agent's. */
export function postImage(
  address: string,
  body: Uint8Array,
  agent: Agent | false,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "image/x", "content-length": body.length };
    const sent = request(`${address}/predict`, { method: "POST", headers, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
