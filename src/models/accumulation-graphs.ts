import type { Graph, Node } from "../graph/index.ts";
import { createBuild, createUpdate } from "../ops/index.ts";
import type { BatchSource, GraphContext } from "./batch-source.ts";
import type { CompileConfiguration } from "./compile.ts";
import { movedParameters } from "./learning-rates.ts";
import { differentiate, optimizerUpdates, type StepOptions } from "./step-graphs.ts";

/** Input of a piece: 0 for the first of a batch, 1 for those that add to it. Shapes: [1]. */
export const keptInput = "kept";

/** The sum of a parameter's gradients over the pieces of a batch: `gradient/conv1.weight`. */
function gradientOf({ attributes, shape, dtype }: Node<"variable">): Node<"variable"> {
  const name = `gradient/${attributes.name}`;
  return createBuild("gradient")("variable", [], { name, shape, dtype });
}

/**
 * A piece of a batch: forward, loss, backward; gradients are added up in variables. Inputs as those of a training step,
 * with `kept` in place of `hyper`; outputs the piece's share of the batch's mean loss [1] and the sum of each metric [1].
 *
 * @param size - examples of the piece
 * @param batchSize - examples of the batch
 */
export function pieceGraph(
  context: GraphContext,
  compiled: CompileConfiguration,
  source: BatchSource,
  size: number,
  batchSize: number,
  options: StepOptions,
): Graph {
  const { outputs, trained, statistics } = differentiate(context, compiled, source, size, batchSize, options);
  const hyper = createBuild()("input", [], { name: keptInput, shape: [1], dtype: "float32" });
  const sums = trained.map(({ variable, gradient: value }) =>
    createUpdate("accumulate", {}, { variable: gradientOf(variable), value, hyper }),
  );
  return { outputs, updates: [...sums, ...statistics] };
}

/** What follows the pieces of a batch: the optimizer's updates from the sums of gradients. Input `hyper` float32 [k]. */
export function applyGraph({ architecture }: GraphContext, compiled: CompileConfiguration): Graph {
  const build = createBuild();
  const trained = movedParameters(architecture, compiled.learningRates).map(
    ({ name, shape, decays, rateFactor }) => {
      const variable = build("variable", [], { name, shape, dtype: "float32" });
      return { variable, gradient: gradientOf(variable), decays, rateFactor };
    },
  );
  return { outputs: {}, updates: optimizerUpdates(compiled, trained) };
}
