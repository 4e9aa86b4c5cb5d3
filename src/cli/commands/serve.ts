import type { Command } from "commander";
import { decimalNumber, pathName, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { WeightsFlags } from "../weights-model.ts";
import { modelArgument, verboseOption } from "./common-options.ts";
import { addWeightsOptions } from "./weights-options.ts";

/** Options of `fovea serve`. */
export interface ServeFlags extends WeightsFlags {
  readonly port?: number;
  readonly host?: string;
  readonly top?: number;
  readonly batchSize?: number;
  readonly batchWait?: number;
  readonly queue?: number;
  readonly bodyLimit?: number;
  readonly workers?: number;
  readonly threads?: number;
  readonly fast?: boolean;
  readonly log?: boolean;
  readonly verbose?: boolean;
}

/** `fovea serve`: a trained model behind HTTP. */
export function registerServe(program: Command, terminal: Terminal): void {
  const command = program
    .command("serve")
    .summary("answer over HTTP what images show")
    .description(
      "Serves a trained model over HTTP. POST an image to /predict, as body or as a form with one file, and its likeliest " +
        "classes come back as JSON; / is a page to drop a photo on, /model says what the model is, /healthz whether it " +
        "works, /metrics is for Prometheus. Images of requests that come at the same time go through the model together. " +
        "It listens on loopback, for this machine alone, unless --host says otherwise: it knows no users and no " +
        "encryption. Ctrl-C (SIGINT, SIGTERM) answers what is in hand and ends; once more ends at once.",
    )
    .argument(...modelArgument);
  addWeightsOptions(command)
    .option(
      "--port <n>",
      "the port to listen on; 0 for any that is free (default: 8080)",
      wholeNumber("--port", { minimum: 0, maximum: 65_535 }),
    )
    .option(
      "--host <address>",
      "the address to listen on; 0.0.0.0 for all of this machine's (default: 127.0.0.1)",
      pathName("--host"),
    )
    .option(
      "--top <k>",
      "how many classes an answer has, unless it is asked for with ?top=K (default: 3)",
      wholeNumber("--top", { minimum: 1 }),
    )
    .option(
      "--batch-size <n>",
      "images in a call of the model at most, a power of two (default: 32)",
      wholeNumber("--batch-size", { minimum: 1, maximum: 1024 }),
    )
    .option(
      "--batch-wait <ms>",
      "how long the first image of a batch waits for others (default: 2)",
      decimalNumber("--batch-wait", { minimum: 0, maximum: 10_000 }),
    )
    .option(
      "--queue <n>",
      "requests in hand at a time; more are told to come again (default: 1024)",
      wholeNumber("--queue", { minimum: 1 }),
    )
    .option(
      "--body-limit <MiB>",
      "the largest image file that is taken (default: 16)",
      decimalNumber("--body-limit", { minimum: 0, above: true, maximum: 1024 }),
    )
    .option(
      "--workers <n>",
      "threads that decode images (default: half as many as there are processors)",
      wholeNumber("--workers", { minimum: 0, maximum: 256 }),
    )
    .option(
      "--threads <n>",
      "threads of the model (default: one for each processor)",
      wholeNumber("--threads", { minimum: 1 }),
    )
    .option("--fast", "decode large JPEGs at a part of their size: quicker, and nearly the same answers")
    .option("--log", "print a line for each request")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (model: string, flags: ServeFlags) => {
      const { serve } = await import("../actions/serve.ts");
      await serve(model, flags, terminal);
    });
}

const examples = `
Examples:
  fovea serve runs/pets
  fovea serve runs/pets --port 9000 --host 0.0.0.0
  fovea serve mobilenet-v1-0.25 --weights keras --top 5
  curl -F image=@photo.jpg http://127.0.0.1:8080/predict
  curl --data-binary @photo.jpg -H "Content-Type: image/jpeg" "http://127.0.0.1:8080/predict?top=1"`;
