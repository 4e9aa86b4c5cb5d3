import { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { encodeImage } from "#host";
import { softmaxOf } from "../models/index.ts";
import { OptionError } from "../tensor/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import { grayImage, servedModel } from "../testing/served-model.ts";
import { type AnswerEvent, loopbackNames, type ServiceOptions } from "./options.ts";
import { createService, type PredictAnswer, type Service } from "./service.ts";

const model = servedModel();
const services: Service[] = [];

function start(options: ServiceOptions = {}): Service {
  const service = createService(model, { workers: 0, batchWait: 1, ...options });
  services.push(service);
  return service;
}

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()));
});

const origin = "http://127.0.0.1:8080";

function post(service: Service, body: RequestInit["body"], type: string | null, path = "/predict") {
  const headers = type === null ? {} : { "content-type": type };
  return service.fetch(new Request(origin + path, { method: "POST", body: body ?? null, headers }));
}

async function errorOf(answer: Promise<Response>): Promise<string> {
  const response = await answer;
  const { error } = await response.json();
  return `${response.status} ${error.message}`;
}

/** What the model itself makes of an image of one value. */
async function expected(value: number): Promise<number[]> {
  const images = new Tensor("uint8", [1, 4, 4, 1], new Uint8Array(16).fill(value));
  return softmaxOf((await model.predict(images)).data);
}

function formOf(...files: readonly File[]): FormData {
  const form = new FormData();
  form.append("note", "text is no file");
  for (const file of files) form.append("image", file);
  return form;
}

describe("POST /predict", () => {
  test("a plain body: classes with probabilities, the likeliest first", async () => {
    const service = start({ name: "pets" });
    const response = await post(service, grayImage(200), "image/x-portable-graymap");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    const answer: PredictAnswer = await response.json();
    const probabilities = await expected(200);
    expect(answer).toMatchObject({ model: "pets", input: null, width: 4, height: 4 });
    expect(answer.milliseconds).toBeGreaterThan(0);
    expect(answer.top).toHaveLength(3);
    for (const { class: index, name, probability } of answer.top) {
      expect(probability).toBeCloseTo(probabilities[index], 6);
      expect(name).toBe(model.classNames?.[index]);
    }
    const order = answer.top.map(({ probability }) => probability);
    expect(order).toEqual([...order].sort((a, b) => b - a));
  });

  test("a form with one file, a body without a type, and ?top", async () => {
    const service = start();
    const form = formOf(new File([grayImage(9)], "ü photo.pgm"));
    const answer: PredictAnswer = await (await post(service, form, null, "/predict?top=1")).json();
    expect(answer.input).toBe("ü photo.pgm");
    expect(answer.top).toHaveLength(1);
    const plain = new Request(`${origin}/predict`, { method: "POST", body: grayImage(9) });
    expect((await service.fetch(plain)).status).toBe(200);
  });

  test("images that come together go through the model together, each with its own answer", async () => {
    const service = start({ batchSize: 8, batchWait: 100 });
    const values = Array.from({ length: 12 }, (_, index) => 20 * index);
    const answers = await Promise.all(
      values.map(
        async (value) => (await post(service, grayImage(value), "image/x")).json() as Promise<PredictAnswer>,
      ),
    );
    for (const [index, { top }] of answers.entries()) {
      const probabilities = await expected(values[index]);
      for (const { class: label, probability } of top)
        expect(probability).toBeCloseTo(probabilities[label], 6);
    }
    const text = await (await service.fetch(new Request(`${origin}/metrics`))).text();
    expect(text).toContain("fovea_batch_size_sum 12");
    expect(text).toMatch(/fovea_batch_size_count [2-4]\n/);
  });

  test("what is no image, is cut short, or is nothing is told", async () => {
    const service = start();
    const text = new TextEncoder().encode("hello");
    expect(await errorOf(post(service, text, "image/jpeg"))).toBe(
      "400 image: this is none of the images that are read",
    );
    const cut = grayImage(1).subarray(0, 20);
    expect(await errorOf(post(service, formOf(new File([cut], "cut.pgm")), null))).toMatch(
      /^400 cut\.pgm: .*(end|cut short|pixels|bytes)/,
    );
    expect(await errorOf(post(service, new Uint8Array(0), "image/png"))).toBe("400 there is no image in it");
    expect(await errorOf(post(service, null, null))).toBe("400 there is no image in it");
  });

  test("an image that would fill the memory is not decoded", async () => {
    const service = start({ pixelLimit: 1000 });
    const png = await encodeImage(new Uint8Array(1024), { width: 32, height: 32, channels: 1 }, "png");
    expect(await errorOf(post(service, png, "image/png"))).toBe(
      "400 image: the image has 32 x 32 pixels, at most 1000 are read",
    );
    expect((await post(start({ pixelLimit: 1024 }), png, "image/png")).status).toBe(200);
  });

  test("wrong types, forms and numbers are told", async () => {
    const service = start();
    const one = grayImage(1);
    expect(await errorOf(post(service, one, "application/x-www-form-urlencoded"))).toBe(
      "415 a body of type application/x-www-form-urlencoded is no image",
    );
    expect(await errorOf(post(service, "{}", "application/json; charset=utf-8"))).toBe(
      "415 a body of type application/json is no image",
    );
    const two = formOf(new File([one], "a"), new File([one], "b"));
    expect(await errorOf(post(service, two, null))).toBe("400 the form has 2 files, one was expected");
    expect(await errorOf(post(service, formOf(), null))).toBe("400 the form has no file, one was expected");
    const broken = post(service, "--x\r\nhello", "multipart/form-data; boundary=x");
    expect(await errorOf(broken)).toBe(
      "400 the form cannot be read: it is cut short, or its boundary is missing",
    );
    expect(await errorOf(post(service, one, "image/x", "/predict?top=-1"))).toBe(
      '400 top must be a whole number from 1 up, got "-1"',
    );
  });

  test("bodies beyond the limits: of one, of all, of time", async () => {
    const service = start({ bodyLimit: 1000, memory: 1500 });
    expect(await errorOf(post(service, new Uint8Array(1001), "image/x"))).toBe(
      "413 the body has more than the 1000 bytes allowed",
    );
    const endless = (chunk: number, pause: number) =>
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, pause));
          controller.enqueue(new Uint8Array(chunk));
        },
      });
    const streamed = (to: Service, body: ReadableStream) => {
      const init = { method: "POST", body, duplex: "half", headers: { "content-type": "image/x" } };
      return errorOf(to.fetch(new Request(`${origin}/predict`, init as RequestInit)));
    };
    // Without a length the bytes are counted as they come.
    expect(await streamed(service, endless(300, 1))).toMatch(/^413 /);
    const two = await Promise.all([streamed(service, endless(900, 20)), streamed(service, endless(900, 20))]);
    expect(two.sort()).toEqual([
      "413 the body has more than the 1000 bytes allowed",
      "503 too many images are in memory",
    ]);
    expect(await streamed(start({ bodyTimeout: 0.1 }), endless(1, 20))).toBe(
      "408 the body has not come within 0.1 seconds",
    );
    const text = await (await service.fetch(new Request(`${origin}/metrics`))).text();
    expect(text).toContain("fovea_body_bytes 0");
  });

  test("a queue that is full and a service that closes say when to come again", async () => {
    const service = start({ queue: 2, batchWait: 50 });
    const answers = Array.from({ length: 5 }, () => post(service, grayImage(1), "image/x"));
    const responses = await Promise.all(answers);
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 200, 503, 503, 503]);
    const refused = responses.find(({ status }) => status === 503);
    expect(refused?.headers.get("retry-after")).toBe("1");
    const running = post(service, grayImage(1), "image/x");
    const closed = service.close();
    expect(await errorOf(post(service, grayImage(1), "image/x"))).toBe("503 the service is closing");
    const health = await service.fetch(new Request(`${origin}/healthz`));
    expect([health.status, await health.json()]).toEqual([503, { status: "closing" }]);
    expect((await running).status).toBe(200);
    await closed;
    expect(service.inHand).toBe(0);
  });

  test("a request that is given up leaves nothing behind", async () => {
    const service = start({ batchWait: 10_000 });
    const controller = new AbortController();
    const request = new Request(`${origin}/predict`, {
      method: "POST",
      body: grayImage(1),
      headers: { "content-type": "image/x" },
      signal: controller.signal,
    });
    const answer = service.fetch(request);
    setTimeout(() => controller.abort(), 50);
    expect((await answer).status).toBe(499);
    expect(service.inHand).toBe(0);
  });
});

test("a prediction that takes too long, and an engine that fails", async () => {
  const failures: unknown[] = [];
  const late = start({ timeout: 0.05, batchWait: 10_000 });
  expect(await errorOf(post(late, grayImage(1), "image/x"))).toBe(
    "503 there was no answer within 0.05 seconds",
  );
  const broken = Object.create(model, {
    predict: { value: () => Promise.reject(new Error("secret")) },
    inputShape: { value: model.inputShape },
    outputShape: { value: model.outputShape },
    architecture: { value: model.architecture },
    preprocessing: { value: model.preprocessing },
    classNames: { value: model.classNames },
    name: { value: "broken" },
    summary: { value: () => model.summary() },
  });
  const service = createService(broken, { workers: 0, onError: (error) => failures.push(error) });
  services.push(service);
  expect(await errorOf(post(service, grayImage(1), "image/x"))).toBe("500 the service failed");
  expect(failures.map(String)).toEqual(["Error: secret"]);
  const health = await service.fetch(new Request(`${origin}/healthz`));
  expect([health.status, await health.json()]).toEqual([503, { status: "failing" }]);
});

describe("the other routes", () => {
  const get = (service: Service, path: string, headers: Record<string, string> = {}) =>
    service.fetch(new Request(origin + path, { headers }));

  test("/healthz, /model and /metrics", async () => {
    const answers: AnswerEvent[] = [];
    const service = start({ onAnswer: (answer) => answers.push(answer) });
    expect(await (await get(service, "/healthz")).json()).toEqual({ status: "ok" });
    expect(await (await get(service, "/model")).json()).toEqual({
      model: "three",
      inputShape: [4, 4, 1],
      classes: 3,
      classNames: ["dark", "<b>bright</b>", "other"],
      parameters: 51,
      limits: { bodyBytes: 16_777_216, batchSize: 32, queue: 1024 },
    });
    await post(service, grayImage(1), "image/x");
    const metrics = await get(service, "/metrics");
    expect(metrics.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await metrics.text();
    expect(text).toContain('fovea_requests_total{method="POST",route="/predict",status="200"} 1');
    expect(text).toContain('fovea_request_seconds_count{route="/predict"} 1');
    expect(text).toContain("fovea_queue_length 0");
    expect(text).toContain('fovea_model_info{model="three"} 1');
    expect(answers.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual([
      "GET /healthz 200",
      "GET /model 200",
      "POST /predict 200",
      "GET /metrics 200",
    ]);
  });

  test("what is not there is 404, what is asked in another way 405", async () => {
    const service = start();
    expect(await errorOf(get(service, "/secret"))).toBe("404 there is no /secret");
    const other = await get(service, "/predict");
    expect([other.status, other.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await errorOf(post(service, "x", null, "/model"))).toBe("405 /model takes GET and HEAD only");
    const head = await service.fetch(new Request(`${origin}/healthz`, { method: "HEAD" }));
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const text = await (await get(service, "/metrics")).text();
    expect(text).toContain('fovea_requests_total{method="GET",route="other",status="404"} 1');
  });

  test("the page holds all it needs, and no name becomes markup", async () => {
    const service = start({ name: '<script>alert("x")</script>' });
    const page = await get(service, "/");
    const html = await page.text();
    expect(html).toContain("<h1>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;</h1>");
    expect(html).toContain("3 classes, images of 4 x 4");
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    for (const tag of ["style", "script"]) {
      const [, content = ""] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(html) ?? [];
      const hash = createHash("sha256").update(content).digest("base64");
      expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
    }
  });

  test("on loopback no other name is answered, nor a page of another site", async () => {
    const service = start({ hosts: loopbackNames });
    for (const host of ["localhost:8080", "127.0.0.1", "[::1]:99", "LOCALHOST"])
      expect((await get(service, "/healthz", { host })).status).toBe(200);
    for (const host of ["evil.example", "localhost.evil.example:8080", "127.0.0.1.evil.example", "", "a b"]) {
      expect(await errorOf(get(service, "/healthz", { host }))).toBe(
        `421 this service is not known as ${JSON.stringify(host)}`,
      );
    }
    const host = "localhost:8080";
    expect((await get(service, "/model", { host, origin: "http://localhost:8080" })).status).toBe(200);
    expect(await errorOf(get(service, "/model", { host, origin: "https://evil.example" }))).toBe(
      '421 this service is not known as "https://evil.example"',
    );
    expect((await get(start(), "/model", { host: "a.example" })).status).toBe(200);
  });
});

test("options are checked", () => {
  const making = (options: object) => () => createService(model, options);
  expect(making({ batchSize: 3 })).toThrow(OptionError);
  expect(making({ batchSize: 3 })).toThrow(
    'createService: option "batchSize" must be a power of two from 1 to 1024, got 3',
  );
  expect(making({ batchsize: 4 })).toThrow('unknown option "batchsize". Did you mean "batchSize"?');
  expect(making({ queue: 0 })).toThrow('option "queue" must be a whole number of at least 1, got 0');
});
