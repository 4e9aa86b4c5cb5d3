import { contractSuite } from "../contract.ts";
import { createReferenceEngine } from "./index.ts";

// What rounding the outputs to float32 loses.
contractSuite("reference", createReferenceEngine, { tolerance: 1e-7, drawCount: 10 });
