import { afterEach, describe, expect, it, vi } from "vitest";
import { modules } from "./generated/modules.ts";

/** Chooses among builds of the kernels in which some are replaced. */
async function chooseAmong(replaced: Partial<typeof modules>, precision: "fast" | "exact" = "fast") {
  vi.resetModules();
  vi.doMock("./generated/modules.ts", () => ({ modules: { ...modules, ...replaced } }));
  const { chooseKernels } = await import("./variants.ts");
  return chooseKernels(precision, false);
}

/** A module without the instruction set that this machine has: bytes that no engine accepts. */
const unsupported = { shared: btoa("not wasm"), single: btoa("not wasm") };

/** The kernels with every multiplication by a splat of a float turned into an addition: valid, and wrong. */
function broken({ single }: { readonly single: string }) {
  // fd e6 01 is f32x4.mul; fd e4 01 is f32x4.add.
  const wrong = atob(single).replaceAll("\xfd\xe6\x01", "\xfd\xe4\x01");
  return { shared: btoa(wrong), single: btoa(wrong) };
}

describe("choice of the kernels' build", () => {
  afterEach(() => {
    vi.doUnmock("./generated/modules.ts");
    vi.resetModules();
  });

  it("falls back to the plain build where relaxed SIMD is missing, and says so", async () => {
    const { variant, rejected } = await chooseAmong({ relaxed: unsupported });
    expect(variant).toBe("plain");
    expect(rejected).toEqual([{ variant: "relaxed", reason: "not supported" }]);
  });

  it("does not use a build that computes wrongly", async () => {
    const { variant, rejected } = await chooseAmong({ relaxed: broken(modules.plain) });
    expect(variant).toBe("plain");
    expect(rejected).toHaveLength(1);
    expect(rejected[0].reason).toMatch(/^a matrix product was off by \d/);
  });

  it("says why no build can be used", async () => {
    await expect(chooseAmong({ relaxed: unsupported, plain: unsupported })).rejects.toThrow(
      "wasm engine: no build of the kernels runs here (relaxed: not supported; plain: not supported). Fovea needs " +
        "WebAssembly SIMD: Node 20 or later, or a browser of 2023 or later.",
    );
  });

  it("tries the plain build alone for exact results", async () => {
    const { variant, rejected } = await chooseAmong({ relaxed: unsupported }, "exact");
    expect([variant, rejected]).toEqual(["plain", []]);
  });
});
