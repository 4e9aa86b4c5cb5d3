import { Command, CommanderError } from "commander";
import { registerAugment } from "./commands/augment.ts";
import { registerBackprop } from "./commands/backprop.ts";
import { registerConvert } from "./commands/convert.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerEvaluate } from "./commands/evaluate.ts";
import { registerExperiment } from "./commands/experiment.ts";
import { registerExplain } from "./commands/explain.ts";
import { registerFeatures } from "./commands/features.ts";
import { registerFeaturesMap } from "./commands/features-map.ts";
import { registerFinetune } from "./commands/finetune.ts";
import { registerGraph } from "./commands/graph.ts";
import { registerModels } from "./commands/models.ts";
import { registerPredict } from "./commands/predict.ts";
import { registerRuns } from "./commands/runs.ts";
import { registerServe } from "./commands/serve.ts";
import { registerSimilar } from "./commands/similar.ts";
import { registerStudio } from "./commands/studio.ts";
import { registerSummary } from "./commands/summary.ts";
import { registerTour } from "./commands/tour.ts";
import { registerTrain } from "./commands/train.ts";
import { registerTranslation } from "./commands/translation.ts";
import { registerWatch } from "./commands/watch.ts";
import { type ExitCode, exitCodes, reportFailure } from "./failure.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { libraryVersion } from "./version.ts";

/**
 * Runs the command line.
 *
 * @param commandLine - the words behind `fovea`
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function runCommandLine(commandLine: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    await createProgram(terminal).parseAsync([...commandLine], { from: "user" });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
    // `fovea` alone: the help has been printed.
    if (error instanceof CommanderError && error.code === "commander.help") return exitCodes.usage;
    const has = (flag: string) => commandLine.includes(flag);
    return reportFailure(error, terminal, { json: has("--json"), verbose: has("--verbose") });
  }
}

function createProgram(terminal: Terminal): Command {
  const program = new Command("fovea");
  program
    .description("Train, explain and reuse image classifiers.")
    .version(libraryVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err, outputError: () => {} })
    .addHelpText("after", examples);
  // Subcommands take over the settings above when they are made by `program.command`.
  registerTrain(program, terminal);
  registerFinetune(program, terminal);
  registerFeatures(program, terminal);
  registerSimilar(program, terminal);
  registerAugment(program, terminal);
  registerEvaluate(program, terminal);
  registerPredict(program, terminal);
  registerExplain(program, terminal);
  registerFeaturesMap(program, terminal);
  registerWatch(program, terminal);
  registerRuns(program, terminal);
  registerServe(program, terminal);
  registerStudio(program, terminal);
  registerSummary(program, terminal);
  registerGraph(program, terminal);
  registerModels(program, terminal);
  registerConvert(program, terminal);
  registerBackprop(program, terminal);
  registerTour(program, terminal);
  registerTranslation(program, terminal);
  registerExperiment(program, terminal);
  registerDoctor(program, terminal);
  return program;
}

const examples = `
Examples:
  fovea tour                                             the dense and the convolutional nets side by side
  fovea train --data mnist --model lenet5 --out runs/lenet5
  fovea finetune photos/ --backbone resnet18             a classifier of your own photos
  fovea evaluate runs/lenet5 --data mnist --shift 2,2
  fovea predict runs/lenet5 digit.png
  fovea predict runs/pets holidays/ --csv holidays.csv
  fovea explain runs/pets photo.jpg --out report.html    what each pixel counts for the likeliest classes
  fovea features-map runs/lenet5 mnist:test:0 mnist:test:1 --out maps.html   what every layer makes of two digits
  fovea watch runs/pets incoming/                        classify photos as they arrive
  fovea serve runs/lenet5 --port 8080                    the same over HTTP
  fovea studio --open                                    train, look into and follow networks in the browser
  fovea models                                           networks by name, and the weights that are published for them
  fovea predict resnet50 photo.jpg --weights torchvision
  fovea runs                                             what was trained, and how well it does
  fovea summary lenet5
  fovea graph resnet50 --out resnet50.svg                the network drawn
  fovea convert resnet18.pth resnet18.safetensors --model resnet18
  fovea translation runs/dense runs/convnet --out report.html
  fovea backprop --depth 3                               backpropagation, number by number
  fovea doctor                                           how fast this machine is, and what would make it faster

Exit codes: 0 done, 1 failed, 2 wrong usage. With --json, standard output is one JSON document; when a command
fails it is {"error": {"name", "message", "where", "hint", "exitCode"}}.`;
