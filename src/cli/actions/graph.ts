import { Html, html, page } from "../../drawing/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { drawNetwork, networkDiagram } from "../../inspect/index.ts";
import type { Model, ModelSummary } from "../../models/index.ts";
import { OptionError } from "../../tensor/index.ts";
import type { GraphFlags } from "../commands/graph.ts";
import { isModelName, openNet } from "../net-reference.ts";
import { jsonText, prepareOutput, writeOutput } from "../output-file.ts";
import { formatCount, formatParameters } from "../terminal/numbers.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { libraryVersion } from "../version.ts";

/** Draws a network. @param engine - what a model that is opened belongs to */
export async function graph(
  reference: string,
  flags: GraphFlags,
  engine: Promise<Engine>,
  terminal: Terminal,
): Promise<void> {
  const kind = flags.out === undefined ? "svg" : kindOf(flags.out);
  if (flags.out !== undefined) await prepareOutput(flags.out);
  const { inputSize = null } = flags;
  if (inputSize !== null && (flags.weights !== undefined || !(await isModelName(reference)))) {
    throw new OptionError("goes with the name of a model alone", {
      where: "--input-size",
      hint: "A run, a model file and published weights have an input size already.",
    });
  }
  const model = await openNet(reference, flags, await engine, terminal, inputSize && withChannels(inputSize));
  const options = { groupRepeats: flags.all !== true };
  const out = flags.out ?? (flags.json === true ? null : `${model.name.replaceAll(":", "-")}.svg`);
  if (out !== null) {
    const contents: { readonly [K in typeof kind]: () => string } = {
      svg: () => drawNetwork(model, options),
      html: () => graphPage(model, drawNetwork(model, options)),
      json: () => jsonText(networkDiagram(model, options)),
    };
    await writeOutput(out, contents[kind]());
  }
  if (flags.json === true) printJson(terminal, networkDiagram(model, options));
  else terminal.out(`${describe(model.summary())}Written to ${out}\n`);
}

/** Gray where nothing is said of colours would not be what a model by name has. */
function withChannels([height = 1, width = 1, channels = 3]: readonly number[]): readonly number[] {
  return [height, width, channels];
}

/** What is written, by the end of the name. @throws OptionError for others */
function kindOf(out: string): "svg" | "html" | "json" {
  const ending = /\.(svg|html?|json)$/i.exec(out)?.[1]?.toLowerCase();
  if (ending === undefined) {
    throw new OptionError(`a name that ends in .svg, .html or .json was expected, got "${out}"`, {
      where: "--out",
      hint: "An SVG file opens in a browser and prints at any size.",
    });
  }
  return ending === "svg" || ending === "json" ? ending : "html";
}

function describe(summary: ModelSummary): string {
  return `${summary.name}: ${formatCount(summary.layers.length)} layers, ${formatParameters(summary)}\n`;
}

/** The drawing with all layers in numbers. */
function graphPage(model: Model, drawing: string): string {
  const summary = model.summary();
  const rows = summary.layers.map(
    ({ name, kind, outputShape, parameters, flops, auxiliary }) =>
      html`<tr><th scope="row"><bdi>${name}</bdi></th><td class="name">${kind}${auxiliary ? ", in training only" : null}</td><td>${outputShape.join("\u00d7")}</td><td>${formatCount(parameters)}</td><td>${formatCount(flops)}</td></tr>`,
  );
  return page({
    title: `${model.name}: the network`,
    content: html`<header><h1><bdi>${model.name}</bdi></h1>
<p class="soft">${formatCount(summary.layers.length)} layers, ${formatParameters(summary)}, ${formatCount(summary.flops)} floating-point operations for one image.</p></header>
<div class="wide drawing">${new Html(drawing)}</div>
<section id="layers"><h2>Layer by layer</h2>
<div class="wide"><table><thead><tr><th scope="col" class="name">layer</th><th scope="col" class="name">kind</th><th scope="col">output</th><th scope="col">parameters</th><th scope="col">operations</th></tr></thead>
<tbody>${rows}</tbody></table></div></section>`,
    footer: `Made by Fovea ${libraryVersion()}.`,
    styles: [
      ".drawing { margin-top: 20px; border: 1px solid var(--edge); border-radius: 10px; }\n.drawing svg { display: block; margin: 0 auto; }\n@media print { .drawing { border: 0; } .drawing svg { max-width: 100%; height: auto; } }\n",
    ],
  });
}
