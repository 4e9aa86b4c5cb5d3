import type { Command } from "commander";
import { conventionNames } from "../names.ts";
import { choice, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { verboseOption } from "./common-options.ts";

/** Options of `fovea convert`. */
export interface ConvertFlags {
  readonly from?: (typeof conventionNames)[number];
  readonly to?: (typeof conventionNames)[number];
  readonly model?: string;
  readonly classes?: number;
  readonly strict: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea convert`: weights from one format to another. */
export function registerConvert(program: Command, terminal: Terminal): void {
  program
    .command("convert")
    .summary("weights from one format to another")
    .description(
      "Reads weights of safetensors, NumPy (.npz), PyTorch (.pth, .pt), Keras (.keras, .weights.h5, .h5), TensorFlow.js " +
        "(model.json) or ONNX (.onnx), told by their bytes, and writes .safetensors or .npz. Tensors stay as they are: " +
        "names, layouts and values, half precision as float32. With --to they get the names and layouts of another " +
        "framework, for which the network must be known: by --model, or from a file that holds it (Fovea's, Keras's, " +
        "TensorFlow.js's, ONNX's). A .json file is a TensorFlow.js model, network and all, with its weights beside it; a " +
        ".onnx file is a network too.",
    )
    .argument(
      "<in>",
      "a file of weights, a run's folder, the folder of a TensorFlow.js model; with --model also torchvision, keras or an address",
    )
    .argument(
      "<out>",
      "the file to write: .safetensors, .npz, .onnx, or a TensorFlow.js model's model.json or folder/",
    )
    .option(
      "--to <framework>",
      `names and layouts: ${conventionNames.join(", ")} (default: those of the file; with --model fovea's, which makes ` +
        "a .safetensors file a model for predict, evaluate and summary)",
      choice("--to", conventionNames),
    )
    .option(
      "--from <framework>",
      `whose names and layouts the file has: ${conventionNames.join(", ")} (default: what it says, else what fits)`,
      choice("--from", conventionNames),
    )
    .option("--model <name>", "the network that the weights belong to, by its name in fovea models")
    .option(
      "--classes <n>",
      "classes of that network (default: 10, or ImageNet's 1000)",
      wholeNumber("--classes", { minimum: 2 }),
    )
    .option("--strict", "all weights must fit the network", true)
    .option("--no-strict", "take what fits of the weights")
    .option("--json", "print one JSON document")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (input: string, output: string, flags: ConvertFlags) => {
      const { convert } = await import("../actions/convert.ts");
      await convert(input, output, flags, terminal);
    });
}

const examples = `
Examples:
  fovea convert resnet18.pth resnet18.safetensors                          the same tensors in another file
  fovea convert resnet18.pth resnet18.safetensors --model resnet18         a model for fovea predict
  fovea convert runs/lenet5 lenet5.safetensors --to pytorch                for PyTorch's load_state_dict
  fovea convert fine-tuned.pth net.safetensors --model resnet18 --classes 5
  fovea convert net.keras net.safetensors --to fovea                       a model of Keras for fovea predict
  fovea convert runs/lenet5 web/lenet5/                                    for TensorFlow.js
  fovea convert resnet18.pth resnet18.onnx --model resnet18                for onnxruntime
  fovea convert weights.npz net.safetensors --model lenet5 --from keras --json`;
