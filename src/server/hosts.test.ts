import { hostname } from "node:os";
import { expect, test } from "vitest";
import { checkOrigin, isOwnName } from "./hosts.ts";

test("names that lead to this machine without anybody's say: addresses, loopback's names, its own", () => {
  const own = hostname().toLowerCase();
  for (const name of ["localhost", "127.0.0.1", "[::1]", "192.168.1.7", "[fe80::1]", own, `${own}.local`])
    expect(isOwnName(name), name).toBe(true);
  for (const name of [
    "",
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "[::1].evil.example",
  ])
    expect(isOwnName(name), name).toBe(false);
});

test("pages of this server only, its port included", () => {
  const from =
    (origin: string | null, host = "localhost:4242") =>
    () =>
      checkOrigin(
        new Request("http://localhost:4242/", { headers: { host, ...(origin === null ? {} : { origin }) } }),
      );
  for (const origin of [null, "http://localhost:4242", "http://LOCALHOST:4242"])
    expect(from(origin)).not.toThrow();
  expect(from("http://localhost", "localhost:80")).not.toThrow();
  for (const origin of ["http://localhost:4243", "http://127.0.0.1:4242", "https://evil.example", "null", ""])
    expect(from(origin), origin).toThrow(`pages of ${JSON.stringify(origin)} may not ask here`);
});
