import { afterEach, vi } from "vitest";
import "./matchers.ts";

// Unexpected console output fails the test that made it: a warning nobody reads is a defect nobody mends.
const spies = (["log", "info", "warn", "error", "debug"] as const).map((method) => ({
  method,
  spy: vi.spyOn(console, method).mockImplementation(() => {}),
}));

afterEach(() => {
  for (const { method, spy } of spies) {
    const calls = spy.mock.calls.slice();
    spy.mockClear();
    if (calls.length > 0) throw new Error(`unexpected console.${method}: ${calls.map(String).join("\n")}`);
  }
});
