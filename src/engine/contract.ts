import { afterAll, beforeAll, describe } from "vitest";
import {
  type ContractOptions,
  errorContract,
  hazardContract,
  opContract,
  sessionContract,
  trainingContract,
  updateContract,
  weightContract,
} from "../testing/contract/index.ts";
import type { Engine } from "./engine.ts";

/**
 * What every engine must do, as a suite of tests to be called from a test file: each kind of op and update on drawn
 * shapes against the float64 references, state, order of calls, several steps in a run, plans, memory hazards, a whole
 * training step, and mistakes of the caller.
 *
 * @param name - of the engine and its configuration, for the report
 * @param createEngine - makes the engine under test; the suite closes it
 */
export function contractSuite(
  name: string,
  createEngine: () => Engine | Promise<Engine>,
  options: ContractOptions,
): void {
  describe(`engine contract: ${name}`, () => {
    let engine: Engine | undefined;
    const engineOf = () => {
      if (engine === undefined) throw new Error("the engine is made before the first test");
      return engine;
    };
    beforeAll(async () => {
      engine = await createEngine();
    });
    afterAll(async () => {
      await engine?.close();
    });
    sessionContract(engineOf);
    errorContract(engineOf);
    hazardContract(engineOf);
    weightContract(engineOf);
    opContract(engineOf, options);
    updateContract(engineOf, options);
    trainingContract(engineOf, options);
  });
}
