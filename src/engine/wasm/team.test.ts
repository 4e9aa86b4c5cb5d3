import { afterEach, describe, expect, it } from "vitest";
import { MemoryError } from "../../tensor/index.ts";
import { MAXIMUM_BYTES } from "./memory.ts";
import { Team } from "./team.ts";
import { startWorkers } from "./threads.ts";
import { TrialWorker } from "./trial-worker.ts";
import { chooseKernels } from "./variants.ts";

const teams: Team[] = [];

/** A team of two threads on shared memory; closed after the test. */
async function createTeam(): Promise<Team> {
  const workers = startWorkers(2);
  const search = { by: "rule", worker: new TrialWorker(workers[0]) } as const;
  const team = new Team((await chooseKernels("exact", true, search)).module, workers, true);
  teams.push(team);
  return team;
}

describe("Team", () => {
  afterEach(() => {
    for (const team of teams.splice(0)) team.close();
  });

  it("keeps the scratch that it has when there is no room for a larger one", async () => {
    const team = await createTeam();
    const scratchBytes = 1 << 16;
    team.ensureScratch(scratchBytes);
    // The address behind the scratch: whatever comes next must not lie before it.
    const behind = team.allocator.allocate(64, "a block behind the scratch");
    expect(() => team.ensureScratch(MAXIMUM_BYTES / 2)).toThrow(MemoryError);
    expect(team.allocator.allocate(2 * scratchBytes, "another block")).toBeGreaterThan(behind);
  });

  it("gives the memory of a smaller scratch back", async () => {
    const team = await createTeam();
    team.ensureScratch(1 << 16);
    const address = team.allocator.allocate(64, "a block behind the scratch");
    team.ensureScratch(1 << 17);
    expect(team.allocator.allocate(1 << 17, "a block in the old place")).toBeLessThan(address);
  });

  it("ends with an error when a thread fails, and says so from then on", async () => {
    const team = await createTeam();
    team.ensureScratch(4096);
    // Beyond the end of memory: the kernels trap.
    const running = team.run(0xffff0000, 1, 0, [], []);
    const next = team.run(0, 1, 0, [], []);
    await expect(running).rejects.toThrow(/^wasm engine: a kernel failed: /);
    await expect(next).rejects.toThrow(/^wasm engine: a kernel failed: /);
    await expect(team.access([], [])).rejects.toThrow(/^wasm engine: a kernel failed: /);
  });

  it("sees the memory's size where it grows while a thread is being told of it", async () => {
    // Unpacked before the memory is, it takes a thread long: memory may grow meanwhile.
    const padding = Array.from({ length: 40_000 }, (_, index) => ({ name: `name ${index}` }));
    for (let milliseconds = 0; milliseconds < 60; milliseconds += 3) {
      const [worker] = startWorkers(1);
      const search = { by: "rule", worker: new TrialWorker(worker) } as const;
      const { module } = await chooseKernels("exact", true, search);
      const postMessage: typeof worker.postMessage = (message, transfer) =>
        worker.postMessage({ padding, ...Object(message) }, transfer);
      const team = new Team(module, [{ ...worker, postMessage }], true);
      teams.push(team);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      const length = 2 ** 22;
      const address = team.allocator.allocate(length, "a block beyond what there was");
      await team.clear({ address, length });
    }
  });

  it("rejects what is under way when it is closed", async () => {
    const team = await createTeam();
    const clearing = team.clear({ address: 65536, length: 65536 });
    team.close();
    await expect(clearing).rejects.toThrow("the engine is closed. Create another one.");
  });
});
