import type { Node, Update, UpdateKind } from "../../../graph/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import {
  type Buffer,
  chunksFor,
  ELEMENTS_PER_CHUNK,
  type LoweringContext,
  type Reference,
  type UpdateLowering,
  type UpdatePart,
} from "./lowering.ts";

/** The buffers of an update, and what every update's call has. */
function prepare<K extends UpdateKind>(update: Update<K>, context: LoweringContext, part?: UpdatePart) {
  const variable = context.buffer(update.variable);
  const slots = update.slots.map((slot: Node): Buffer => context.buffer(slot));
  const hyper = update.hyper === null ? null : context.buffer(update.hyper);
  const { value, begin, count } = part ?? {
    ...{ value: context.buffer(update.value), begin: 0, count: sizeOf(update.variable.shape) },
  };
  const from = (buffer: Buffer): Reference => ({ buffer, offset: 4 * begin });
  return {
    operands: { variable: from(variable), value, slots: slots.map(from), hyper },
    sizes: { count, perChunk: ELEMENTS_PER_CHUNK },
    call: {
      chunks: chunksFor(count),
      reads: [variable, value, ...slots, ...(hyper === null ? [] : [hyper])],
      writes: [variable, ...slots],
    },
  };
}

export const lowerSgd: UpdateLowering<"sgd"> = (update, context, part) => {
  const { operands, sizes, call } = prepare(update, context, part);
  const { variable, value: gradient, hyper } = operands;
  const { weightDecay } = update.attributes;
  context.emit({ kernel: "sgd", arguments: { variable, gradient, hyper, ...sizes, weightDecay }, ...call });
};

export const lowerMomentum: UpdateLowering<"momentum"> = (update, context, part) => {
  const { operands, sizes, call } = prepare(update, context, part);
  const { variable, value: gradient, hyper } = operands;
  const [velocity] = operands.slots;
  const { weightDecay, momentum } = update.attributes;
  const nesterov = update.attributes.nesterov ? 1 : 0;
  context.emit({
    kernel: "momentum",
    arguments: { variable, gradient, velocity, hyper, ...sizes, weightDecay, momentum, nesterov },
    ...call,
  });
};

export const lowerAdam: UpdateLowering<"adam"> = (update, context, part) => {
  const { operands, sizes, call } = prepare(update, context, part);
  const { variable, value: gradient, hyper } = operands;
  const [firstMoment, secondMoment] = operands.slots;
  const { weightDecay, beta1, beta2, epsilon } = update.attributes;
  context.emit({
    kernel: "adam",
    arguments: {
      ...{ variable, gradient, firstMoment, secondMoment, hyper, ...sizes, weightDecay, epsilon },
      ...{ beta1, oneMinusBeta1: 1 - beta1, beta2, oneMinusBeta2: 1 - beta2 },
    },
    ...call,
  });
};

export const lowerRmsprop: UpdateLowering<"rmsprop"> = (update, context, part) => {
  const { operands, sizes, call } = prepare(update, context, part);
  const { variable, value: gradient, hyper } = operands;
  const [meanSquare] = operands.slots;
  const { weightDecay, rho, epsilon } = update.attributes;
  context.emit({
    kernel: "rmsprop",
    arguments: {
      ...{ variable, gradient, meanSquare, hyper, ...sizes, weightDecay, epsilon },
      ...{ rho, oneMinusRho: 1 - rho },
    },
    ...call,
  });
};

export const lowerMovingAverage: UpdateLowering<"movingAverage"> = (update, context, part) => {
  const { operands, sizes, call } = prepare(update, context, part);
  const { variable, value } = operands;
  const { momentum } = update.attributes;
  context.emit({
    kernel: "movingAverage",
    arguments: { variable, value, ...sizes, momentum, oneMinusMomentum: 1 - momentum },
    ...call,
  });
};

export const lowerAccumulate: UpdateLowering<"accumulate"> = (update, context, part) => {
  const { operands, sizes, call } = prepare(update, context, part);
  const { variable, value, hyper } = operands;
  context.emit({ kernel: "accumulate", arguments: { variable, value, hyper, ...sizes }, ...call });
};
