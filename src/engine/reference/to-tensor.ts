import { Tensor, type TensorType } from "../../tensor/index.ts";

/** Rounds float64 values to a tensor of the given type. */
export function toTensor({ dtype, shape }: TensorType, values: Float64Array): Tensor {
  const tensor = Tensor.zeros(dtype, shape);
  tensor.data.set(values);
  return tensor;
}
