import { afterEach, describe, expect, it, vi } from "vitest";
import { tuneV8 } from "#host";
import { modules, type Variant } from "./generated/modules.ts";
import { bytesOfModule } from "./kernel-module.ts";

type Modules = typeof modules;

/** Chooses among builds of the kernels in which some are replaced. */
async function chooseAmong(
  replaced: Partial<Modules>,
  precision: "fast" | "exact" = "fast",
  by: "speed" | "rule" = "speed",
) {
  vi.resetModules();
  vi.doMock("./generated/modules.ts", () => ({ modules: { ...modules, ...replaced } }));
  const { chooseKernels } = await import("./variants.ts");
  const { TrialWorker } = await import("./trial-worker.ts");
  const worker = new TrialWorker();
  return chooseKernels(precision, false, { by, worker }).finally(() => worker.close());
}

const relaxed = Object.keys(modules).filter((name): name is Variant => name !== "plain");

/** The same replacement for several builds. */
function each(names: readonly Variant[], replace: (name: Variant) => Modules[Variant]): Partial<Modules> {
  return Object.fromEntries(names.map((name) => [name, replace(name)]));
}

/** A module with an instruction set that this machine does not have: bytes that no engine accepts. */
const unsupported = (name: Variant) => ({ ...modules[name], base64: btoa("not wasm"), memoryFlags: 0 });

/** The kernels with every multiplication of floats turned into an addition: valid, and wrong. */
function broken(): Modules[Variant] {
  // fd e6 01 is f32x4.mul; fd e4 01 is f32x4.add.
  const wrong = atob(modules.plain.base64).replaceAll("\xfd\xe6\x01", "\xfd\xe4\x01");
  return { ...modules.plain, base64: btoa(wrong) };
}

describe("choice of the kernels' build", () => {
  afterEach(() => {
    vi.doUnmock("./generated/modules.ts");
    vi.resetModules();
  });

  it("falls back to the plain build where relaxed SIMD is missing, and says so", async () => {
    const { variant, tile, rejected } = await chooseAmong(each(relaxed, unsupported));
    expect(variant).toBe("plain");
    expect(tile).toEqual({ rows: 4, transposedRows: 4, columns: 8 });
    const reasons = Object.fromEntries(rejected.map((entry) => [entry.variant, entry.reason]));
    expect(reasons).toEqual(Object.fromEntries(relaxed.map((name) => [name, "not supported"])));
  });

  it("does not use a build that computes wrongly, and takes the next best", async () => {
    const { variant, rejected, measured } = await chooseAmong({ relaxed6x8: broken() });
    expect(variant).not.toBe("relaxed6x8");
    expect(rejected.map((entry) => entry.variant)).toEqual(["relaxed6x8"]);
    expect(rejected[0].reason).toMatch(/^a matrix product was off by \d/);
    expect(measured.map((entry) => entry.variant)).toEqual(["relaxed6x16", "relaxed4x8", "plain"]);
  });

  it("takes the build whose products were fastest", async () => {
    const { variant, measured } = await chooseAmong({});
    const others = measured.filter((entry) => entry.variant !== "plain");
    const fastest = others.toSorted((a, b) => b.gigaflops - a.gigaflops)[0];
    expect(variant).toBe(fastest.variant);
    // A product of 96 x 64 x 256 in less than 0.3 s, and no machine multiplies a trillion times a second on one thread.
    for (const { gigaflops } of measured) expect(gigaflops).toBeGreaterThan(0.01);
    for (const { gigaflops } of measured) expect(gigaflops).toBeLessThan(1000);
  });

  it("says why no build can be used", async () => {
    const all = each([...relaxed, "plain"], unsupported);
    await expect(chooseAmong(all)).rejects.toThrow(
      "wasm engine: no build of the kernels runs here (relaxed6x16: not supported; relaxed6x8: not supported; " +
        "relaxed4x8: not supported; plain: not supported). Fovea needs " +
        "WebAssembly SIMD: Node 20 or later, or a browser of 2023 or later.",
    );
  });

  it("tries the plain build alone for exact results", async () => {
    const { variant, rejected, measured } = await chooseAmong(each(relaxed, unsupported), "exact");
    expect([variant, rejected]).toEqual(["plain", []]);
    expect(measured.map((entry) => entry.variant)).toEqual(["plain"]);
  });

  it("takes one without measuring where that is asked for, and still checks it", async () => {
    const likely = await chooseAmong({}, "fast", "rule");
    expect(likely.measured).toEqual([]);
    expect(likely.rejected).toEqual([]);
    expect(likely.variant).toBe(
      likely.flags.includes("--experimental-wasm-revectorize") ? "relaxed6x16" : "relaxed6x8",
    );
    const second = await chooseAmong({ [likely.variant]: broken() }, "fast", "rule");
    expect(second.variant).toMatch(/^relaxed/);
    expect(second.rejected.map(({ variant }) => variant)).toEqual([likely.variant]);
    expect((await chooseAmong(each(relaxed, unsupported), "fast", "rule")).variant).toBe("plain");
    expect((await chooseAmong({}, "exact", "rule")).variant).toBe("plain");
    await expect(chooseAmong(each([...relaxed, "plain"], unsupported), "fast", "rule")).rejects.toThrow(
      "no build of the kernels runs here",
    );
  });

  it("chooses among builds whose products are the same bits", async () => {
    const { tryProducts } = await import("./trial.ts");
    const { TrialWorker } = await import("./trial-worker.ts");
    tuneV8();
    const worker = new TrialWorker();
    const products: Float32Array[] = [];
    for (const name of relaxed) {
      const bytes = bytesOfModule(modules[name], false);
      // A host without relaxed SIMD has the plain build alone.
      if (!WebAssembly.validate(bytes)) continue;
      const module = await WebAssembly.compile(bytes);
      products.push((await tryProducts(worker, module, { milliseconds: 0, shared: false })).products);
    }
    worker.close();
    for (const other of products.slice(1)) expect(other).toEqual(products[0]);
  });
});
