import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { softmaxOf } from "../models/index.ts";
import { OptionError, ServiceError } from "../tensor/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import { dial as dialAddress } from "../testing/dial.ts";
import { grayImage, postImage, servedModel } from "../testing/served-model.ts";
import { isLoopback } from "./listen.ts";
import { type RunningService, type ServeOptions, serve } from "./serve.ts";
import type { PredictAnswer } from "./service.ts";

const model = servedModel();
const running: RunningService[] = [];

async function start(options: ServeOptions = {}): Promise<RunningService> {
  const service = await serve(model, { port: 0, workers: 0, batchSize: 8, ...options });
  running.push(service);
  return service;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.close(0)));
});

const portOf = ({ address }: RunningService) => Number(new URL(address).port);

const dial = ({ address }: RunningService) => dialAddress(address);

const head = (length: number) =>
  `POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/x\r\nContent-Length: ${length}\r\n\r\n`;

describe("over sockets", () => {
  test("many requests at the same time, each answered with its own", async () => {
    const service = await start();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, value) => postImage(service.address, grayImage(value), false)),
    );
    for (const [value, { status, text }] of answers.entries()) {
      expect(status).toBe(200);
      const { top }: PredictAnswer = JSON.parse(text);
      const images = new Tensor("uint8", [1, 4, 4, 1], new Uint8Array(16).fill(value));
      const probabilities = softmaxOf((await model.predict(images)).data);
      for (const { class: label, probability } of top)
        expect(probability).toBeCloseTo(probabilities[label], 6);
    }
    expect(service.service.inHand).toBe(0);
  });

  test("slow clients: a body that dribbles, a head that does", async () => {
    const service = await start({ bodyTimeout: 0.3, headTimeout: 0.3 });
    const body = dial(service);
    body.socket.write(head(1000));
    const dribble = setInterval(() => body.socket.write("x"), 20);
    const headless = dial(service);
    headless.socket.write("POST /predict HTTP/1.1\r\nHost: localhost\r\n");
    const slow = setInterval(() => headless.socket.write("X-A: b\r\n"), 20);
    // Others are served meanwhile.
    expect((await postImage(service.address, grayImage(7), false)).status).toBe(200);
    expect(await body.ended).toMatch(/^HTTP\/1\.1 408 [\s\S]*the body has not come within 0\.3 seconds/);
    expect(await headless.ended).toMatch(/^HTTP\/1\.1 408 Request Timeout/);
    clearInterval(dribble);
    clearInterval(slow);
    expect(service.service.inHand).toBe(0);
  });

  test("a body that is too large is refused before it is there", async () => {
    const service = await start({ bodyLimit: 1000 });
    const announced = dial(service);
    announced.socket.write(head(2 ** 40));
    expect(await announced.ended).toMatch(
      /^HTTP\/1\.1 413 [\s\S]*connection: close[\s\S]*more than the 1000 bytes/i,
    );
    const chunked = dial(service);
    chunked.socket.write(
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/x\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const flood = setInterval(() => chunked.socket.write(`1000\r\n${"x".repeat(4096)}\r\n`), 1);
    expect(await chunked.ended).toMatch(/^HTTP\/1\.1 413 /);
    clearInterval(flood);
  });

  test("what is no HTTP, and a client that goes in the middle", async () => {
    const service = await start({ batchWait: 200 });
    const garbage = dial(service);
    garbage.socket.write("\x16\x03\x01 hello\r\n\r\n");
    expect(await garbage.ended).toMatch(/^HTTP\/1\.1 400 Bad Request/);
    const half = dial(service);
    half.socket.write(`${head(1000)}P5`);
    const whole = dial(service);
    whole.socket.write(head(grayImage(1).length));
    whole.socket.write(grayImage(1));
    while (service.service.inHand < 2) await sleep(5);
    half.socket.destroy();
    whole.socket.destroy();
    while (service.service.inHand > 0) await sleep(5);
    const metrics = await (await fetch(`${service.address}/metrics`)).text();
    expect(metrics).toContain('fovea_requests_total{method="POST",route="/predict",status="499"} 2');
    expect(metrics).toContain("fovea_body_bytes 0");
    expect((await postImage(service.address, grayImage(1), false)).status).toBe(200);
  });

  test("another name for loopback is refused", async () => {
    const service = await start();
    const rebound = dial(service);
    rebound.socket.write("GET /model HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    expect(await rebound.ended).toMatch(/^HTTP\/1\.1 421 /);
  });
});

describe("closing", () => {
  test("what is in hand is answered, idle connections end, and nothing stays open", async () => {
    const before = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length;
    const service = await start({ batchWait: 300 });
    const agent = new Agent({ keepAlive: true });
    const idle = dial(service);
    idle.socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const answer = postImage(service.address, grayImage(1), agent);
    while (service.service.inHand === 0) await sleep(5);
    const closed = service.close();
    await expect(fetch(`${service.address}/healthz`)).rejects.toThrow("fetch failed");
    expect((await answer).status).toBe(200);
    await closed;
    expect(await idle.ended).toContain('{"status":"ok"}');
    agent.destroy();
    await sleep(20);
    const after = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length;
    expect(after).toBeLessThanOrEqual(before);
  });

  test("who does not come to an end is cut off at the deadline", async () => {
    const service = await start();
    const stuck = dial(service);
    stuck.socket.write(`${head(1000)}P5`);
    while (service.service.inHand === 0) await sleep(5);
    const begin = performance.now();
    await service.close(0.2);
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(await stuck.ended).toBe("");
    expect(service.service.inHand).toBe(0);
  });
});

describe("where it listens", () => {
  test("a port that is taken, an address that is another machine's, and no port at all", async () => {
    const port = portOf(await start());
    const again = serve(model, { port, workers: 0 });
    await expect(again).rejects.toThrow(ServiceError);
    await expect(again).rejects.toThrow(
      `127.0.0.1:${port}: port ${port} is in use by another program. Stop it, or take another port: --port 8081, or --port 0`,
    );
    await expect(serve(model, { port: 0, host: "192.0.2.1" })).rejects.toThrow(
      "192.0.2.1:0: 192.0.2.1 is no address of this machine. Use --host 127.0.0.1",
    );
    await expect(serve(model, { port: 70_000 })).rejects.toThrow(OptionError);
    await expect(serve(model, { port: 70_000 })).rejects.toThrow("serve: 70000 is no port.");
    await expect(serve(model, { headTimeout: 0 })).rejects.toThrow('option "headTimeout" must be above 0');
  });

  test("addresses of this machine alone", () => {
    for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "::1"]) expect(isLoopback(host)).toBe(true);
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.evil.example"])
      expect(isLoopback(host)).toBe(false);
  });
});
