import type { SymbolicTensor } from "../layers/index.ts";
import { OptionError } from "../tensor/index.ts";
import { type Architecture, assemble } from "./architecture.ts";

/** A functional graph by its ends, each of them checked. */
export interface TracedEnds {
  readonly input: SymbolicTensor;
  readonly output: SymbolicTensor;
  readonly taps: readonly (readonly [name: string, tensor: SymbolicTensor])[];
  readonly heads: readonly {
    readonly name: string;
    readonly output: SymbolicTensor;
    readonly weight: number;
  }[];
}

/**
 * The architecture of everything that the output and the heads are computed from. The calls that the output needs come
 * first: heads change neither the names of its layers nor its random numbers.
 *
 * @throws OptionError when that is not a graph with exactly the given input
 */
export function traceArchitecture(name: string, { input, output, taps, heads }: TracedEnds): Architecture {
  const order = symbolicOrder([output, ...heads.map((head) => head.output)]);
  const inputs = order.filter(({ layer }) => layer.kind === "input");
  if (!order.includes(input)) {
    throw new OptionError("the output does not depend on the input", {
      where: "functional",
      hint: "Pass the tensor of input() from which the output was made.",
    });
  }
  if (inputs.length > 1) {
    throw new OptionError(`the output depends on ${inputs.length} inputs, one is allowed`, {
      where: "functional",
    });
  }
  const layers = [...new Set(order.map(({ layer }) => layer))];
  const layerIndex = new Map(layers.map((layer, index) => [layer, index]));
  const position = new Map(order.map((tensor, index) => [tensor, index]));
  const wiring = order.map((tensor) => ({
    layer: layerIndex.get(tensor.layer) ?? 0,
    inputs: tensor.inputs.map((source) => position.get(source) ?? 0),
  }));
  return assemble(name, layers, wiring, {
    input: position.get(input) ?? 0,
    output: position.get(output) ?? 0,
    taps: taps.map(([tap, tensor]) => ({ name: tap, call: tapPosition(position, tap, tensor) })),
    auxiliaries: heads.map((head) => ({ ...head, output: position.get(head.output) ?? 0 })),
  });
}

function tapPosition(
  position: ReadonlyMap<SymbolicTensor, number>,
  name: string,
  tensor: SymbolicTensor,
): number {
  const index = position.get(tensor);
  if (index !== undefined) return index;
  throw new OptionError(`tap "${name}" is not on the way from the input to the output`, {
    where: "functional",
    hint: "Tap a tensor that the output is computed from.",
  });
}

/** Every tensor that the roots depend on, each after its inputs. The stack is explicit: nets may be deep. */
function symbolicOrder(roots: readonly SymbolicTensor[]): SymbolicTensor[] {
  const order: SymbolicTensor[] = [];
  const seen = new Set<SymbolicTensor>();
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    const stack = [{ tensor: root, next: 0 }];
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const source = frame.tensor.inputs[frame.next++];
      if (source === undefined) {
        order.push(frame.tensor);
        stack.pop();
      } else if (!seen.has(source)) {
        seen.add(source);
        stack.push({ tensor: source, next: 0 });
      }
    }
  }
  return order;
}
