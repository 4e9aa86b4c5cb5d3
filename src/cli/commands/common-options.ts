/** What several commands have in common, worded once; each is spread into a call: `.option(...threadsOption)`. */
import { choice, wholeNumber } from "../options.ts";

/** What `<model>` stands for where weights may be named beside it. */
export const modelArgument = [
  "<model>",
  "a run's folder, or a model file (.safetensors, .onnx, .keras, .h5, model.json); with --weights a model by name",
] as const;

const fitModes = ["stretch", "crop", "refuse"] as const;
export type FitMode = (typeof fitModes)[number];

/** Images of another size than the model's. */
export const fitOption = [
  "--fit <mode>",
  `images of another size: ${fitModes.join(", ")} (default: as the model says, else stretch)`,
  choice("--fit", fitModes),
] as const;

export const threadsOption = [
  "--threads <n>",
  "threads (default: one for each processor)",
  wholeNumber("--threads", { minimum: 1 }),
] as const;

export const verboseOption = ["--verbose", "print a stack trace when something fails"] as const;
