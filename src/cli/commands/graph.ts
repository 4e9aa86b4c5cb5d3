import type { Command } from "commander";
import { modelNames } from "../names.ts";
import { imageSize, pathName } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { WeightsFlags } from "../weights-model.ts";
import { verboseOption } from "./common-options.ts";
import { addWeightsOptions } from "./weights-options.ts";

/** Options of `fovea graph`. */
export interface GraphFlags extends WeightsFlags {
  readonly out?: string;
  readonly inputSize?: readonly number[];
  /** `--all` draws every repetition. */
  readonly all?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea graph`: a network drawn. */
export function registerGraph(program: Command, terminal: Terminal): void {
  const command = program
    .command("graph")
    .summary("draw a network")
    .description(
      "Draws a network with its layers' kinds, kernels, names, output shapes and parameters, and how they hang together; in columns, " +
        "so that it fits on a page. Blocks that repeat themselves in a large net are drawn once, with their number.",
    )
    .argument(
      "<model>",
      `${modelNames.join(", ")}; or a run's folder, or a model file (.safetensors, .onnx, .keras, .h5, model.json)`,
    );
  addWeightsOptions(command)
    .option(
      "--out <file>",
      "where to: .svg a drawing, .html a page with a table beside it, .json the layout (default: the model's name and .svg)",
      pathName("--out"),
    )
    .option(
      "--input-size <size>",
      "of a model by name: 64, 48x64, 64x64x3 (default: the model's own)",
      imageSize("--input-size"),
    )
    .option("--all", "draw each repetition")
    .option("--json", "print the layout as one JSON document")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (model: string, flags: GraphFlags) => {
      const { withEngine } = await import("../session.ts");
      // Nothing is computed; a model that is opened belongs to an engine.
      await withEngine({ threads: 1, kernels: "rule" }, async (engine) => {
        const { graph } = await import("../actions/graph.ts");
        await graph(model, flags, engine, terminal);
      });
    });
}

const examples = `
Examples:
  fovea graph lenet5 --out lenet5.svg
  fovea graph resnet50 --out resnet50.html
  fovea graph runs/convnet --all`;
