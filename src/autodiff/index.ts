export {
  type Backpropagation,
  type BuildFor,
  backpropagate,
  type Contribution,
  gradients,
} from "./backpropagate.ts";
