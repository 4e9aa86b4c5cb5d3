import {
  decodeOnnxModel,
  type OnnxNode,
  type OnnxTensor,
  readOnnxTensor,
  rememberFiles,
} from "../../formats/index.ts";
import { layers, type SymbolicTensor } from "../../layers/index.ts";
import { functional, Model, modelParameters, type Preprocessing } from "../../models/index.ts";
import { checkOptions, type Fields, field, nullable, shapeField, withFallback } from "../../options/index.ts";
import { FormatError, FoveaError, type Shape, type Tensor } from "../../tensor/index.ts";
import { LayerBuilder } from "./builder.ts";
import { canFold, constantOf, type FoldContext, fold } from "./fold.ts";
import { graphOf, inputOf, inputShapeOf, isStandard, outputOf } from "./graph.ts";
import { clip, NodeReader } from "./node.ts";
import { ruleOf, rules } from "./ops/table.ts";
import type { RuleContext } from "./ops/rule.ts";
import { type Activation, batch, type Constant, imageOrder, range, type Value } from "./values.ts";
