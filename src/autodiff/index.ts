export {
  type Backpropagation,
  type BuildFor,
  backpropagate,
  type Contribution,
  gradients,
  type OtherRules,
} from "./backpropagate.ts";
