import type { Engine, Plan, PlannedOperation } from "../../engine/engine.ts";
import { measurePeak } from "../../engine/wasm/diagnosis.ts";
import type { WasmEngine } from "../../engine/wasm/index.ts";
import { profileStep, type StepProfile } from "../../inspect/index.ts";
import type { Model, ModelSummary } from "../../models/index.ts";
import { formatShape } from "../../tensor/index.ts";
import type { SummaryFlags } from "../commands/summary.ts";
import { openNet } from "../net-reference.ts";
import { withEngine } from "../session.ts";
import { formatBytes, formatCount, formatFlops, formatParameters } from "../terminal/numbers.ts";
import { renderProfile } from "../terminal/profile-report.ts";
import { renderTable } from "../terminal/table.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** How one convolution of a training step is computed, forward or one of its gradients. */
export interface ConvolutionPlan {
  readonly layer: string;
  readonly computes: readonly string[];
  readonly kernel: string;
  readonly algorithm: string;
  readonly flops: number;
}

/** What `fovea summary --json` prints. */
export interface SummaryDocument {
  readonly model: string;
  readonly layers: ModelSummary["layers"];
  readonly parameters: number;
  readonly trainableParameters: number;
  /** Beside the others: what auxiliary heads have in training. */
  readonly auxiliaryParameters: number;
  /** Of one example forward. */
  readonly flops: number;
  readonly plan: {
    readonly batchSize: number;
    readonly engine: string;
    readonly variableBytes: number;
    readonly workingBytes: number;
    readonly operations: number;
    /** Of one training step: forward, backward and update. */
    readonly flops: number;
    readonly convolutions: readonly ConvolutionPlan[];
  };
  /** With `--profile` alone. */
  readonly profile?: StepProfile & {
    /** GFLOP/s of multiply-adds in registers on all threads: what no operation can exceed but by saving some. */
    readonly peakGigaflops: number;
  };
}

const usualBatchSize = 128;

/** Describes a model by name, in a run's folder or in a file. */
export async function summary(reference: string, flags: SummaryFlags, terminal: Terminal): Promise<void> {
  await withEngine(flags, async (starting) => {
    const engine = await starting;
    const model = await openNet(reference, flags, engine, terminal);
    const batchSize = flags.batchSize ?? (await fittingBatch(model));
    const plan = await model.plan({ batchSize });
    const summed = documentOf(reference, model.summary(), plan, batchSize, engine);
    const document = flags.profile === true ? await withProfile(summed, model, engine) : summed;
    if (flags.json === true) printJson(terminal, document);
    else terminal.out(render(document));
  });
}

async function withProfile(
  document: SummaryDocument,
  model: Model,
  engine: WasmEngine,
): Promise<SummaryDocument> {
  const profile = await profileStep(model, { engine, batchSize: document.plan.batchSize });
  const peakGigaflops = await measurePeak(engine.kernels.variant, engine.threads);
  return { ...document, profile: { ...profile, peakGigaflops } };
}

/** 128, or as many times half of it as memory asks for. */
async function fittingBatch(model: Model): Promise<number> {
  let batchSize = usualBatchSize;
  while (batchSize > 1 && !(await model.fits({ batchSize }))) batchSize /= 2;
  return batchSize;
}

function documentOf(
  reference: string,
  { layers, parameters, trainableParameters, auxiliaryParameters, flops }: ModelSummary,
  plan: Plan,
  batchSize: number,
  engine: Engine,
): SummaryDocument {
  return {
    model: reference,
    layers,
    parameters,
    trainableParameters,
    auxiliaryParameters,
    flops,
    plan: {
      batchSize,
      engine: engine.name,
      variableBytes: plan.variableBytes,
      workingBytes: plan.workingBytes,
      operations: plan.operations.length,
      flops: plan.operations.reduce((total, operation) => total + operation.flops, 0),
      convolutions: plan.operations
        .filter(isConvolution)
        .map(({ scope, computes, kernel, algorithm, flops: work }) => ({
          layer: scope,
          computes,
          kernel,
          algorithm,
          flops: work,
        })),
    },
  };
}

/** The operations that do a convolution's work; those that only pack its operands count no FLOPs. */
function isConvolution({ computes, flops }: PlannedOperation): boolean {
  return flops > 0 && computes.some((kind) => kind.startsWith("conv2d"));
}

function render(document: SummaryDocument): string {
  const { model, layers, parameters, trainableParameters, auxiliaryParameters, flops, plan, profile } =
    document;
  const layerTable = renderTable(
    [
      { heading: "layer" },
      { heading: "kind" },
      { heading: "output shape" },
      { heading: "parameters", align: "right" },
      { heading: "work", align: "right" },
    ],
    layers.map((layer) => [
      layer.name,
      layer.auxiliary ? `${layer.kind}, in training only` : layer.kind,
      formatShape(layer.outputShape),
      formatCount(layer.parameters),
      formatFlops(layer.flops),
    ]),
  );
  const total =
    `${formatParameters({ parameters, trainableParameters })}, ` +
    (auxiliaryParameters > 0 ? `${formatCount(auxiliaryParameters)} more in auxiliary heads, ` : "") +
    `${formatFlops(flops)} an example forward`;
  const memory =
    `A training step of ${plan.batchSize}: ${plan.operations} operations, ${formatFlops(plan.flops)}, ` +
    `${formatBytes(plan.variableBytes)} of state and ${formatBytes(plan.workingBytes)} of working memory; ${plan.engine}`;
  const timed = profile === undefined ? [] : ["", renderProfile(profile, profile.peakGigaflops)];
  return [`Model ${model}`, layerTable, total, "", memory, ...convolutionLines(plan.convolutions), ...timed]
    .join("\n")
    .concat("\n");
}

const conv2dNames: Readonly<Record<string, string>> = {
  conv2d: "forward",
  conv2dInputGradient: "gradient of the input",
  conv2dFilterGradient: "gradient of the filter",
};

function convolutionLines(convolutions: readonly ConvolutionPlan[]): string[] {
  if (convolutions.length === 0) return [];
  const table = renderTable(
    [
      { heading: "convolution" },
      { heading: "computes" },
      { heading: "algorithm" },
      { heading: "work", align: "right" },
    ],
    convolutions.map(({ layer, computes, algorithm, flops }) => [
      layer,
      computes.flatMap((kind) => conv2dNames[kind] ?? []).join(", "),
      algorithm,
      formatFlops(flops),
    ]),
  );
  return [table];
}
