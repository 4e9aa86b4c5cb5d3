import { isLoopback, type ServeOptions, serve as serveModel } from "../../server/index.ts";
import type { ServeFlags } from "../commands/serve.ts";
import { listenForInterruption, untilInterrupted } from "../interruption.ts";
import { openModel } from "../model-reference.ts";
import { withEngine } from "../session.ts";
import { formatCount } from "../terminal/numbers.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Serves a model until a signal comes. */
export async function serve(reference: string, flags: ServeFlags, terminal: Terminal): Promise<void> {
  await withEngine({ threads: flags.threads }, async (engine) => {
    const { model } = await openModel(reference, { flags, engine, terminal });
    const { name: engineName } = await engine;
    const service = await serveModel(model, optionsOf(reference, flags, terminal));
    const classes = formatCount(model.outputShape.at(-1) ?? 0);
    terminal.out(`${reference}, ${classes} classes; ${engineName}; at ${service.address}\n`);
    if (flags.host !== undefined && !isLoopback(flags.host)) {
      terminal.err("Whoever reaches this address may use it: there are no users and no encryption.\n");
    }
    using interruption = listenForInterruption(() => {
      terminal.err("Answering what is in hand; once more ends at once.\n");
    });
    await untilInterrupted(interruption);
    await service.close();
  });
}

function optionsOf(reference: string, flags: ServeFlags, terminal: Terminal): ServeOptions {
  const { port, host, top, batchSize, batchWait, queue, bodyLimit, workers, fast, log, verbose } = flags;
  const given = { port, host, top, batchSize, batchWait, queue, workers, fast };
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    ...known,
    ...(bodyLimit === undefined ? {} : { bodyLimit: Math.round(bodyLimit * 2 ** 20) }),
    name: reference,
    onAnswer:
      log === true
        ? ({ method, path, status, milliseconds }) =>
            terminal.err(
              `${new Date().toISOString()} ${method} ${path} ${status} ${milliseconds.toFixed(1)} ms\n`,
            )
        : null,
    onError: (error) => {
      const stack = verbose === true && error instanceof Error ? error.stack : undefined;
      terminal.err(`${stack ?? String(error)}\n`);
    },
  };
}
