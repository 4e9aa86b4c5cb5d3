import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RandomStream } from "../src/tensor/random.ts";
import { sendRange, startServer } from "../src/testing/http-server.ts";
import { startProcess } from "./cli/command.ts";
import { root } from "./support/sources.ts";

test("several processes that want a file fetch it once, and one that is killed leaves its part to the next", async () => {
  const stream = new RandomStream(5);
  const content = Uint8Array.from({ length: 400_000 }, () => stream.integer(256));
  const hex = createHash("sha256").update(content).digest("hex");
  const folder = await mkdtemp(join(tmpdir(), "fovea-fetching-"));
  let slow = true;
  const server = await startServer((request, response) => {
    if (!slow) return sendRange(request, response, content);
    // The first part, then nothing: until its process is killed.
    response.writeHead(200, { etag: '"one"', "content-length": content.length });
    response.write(content.subarray(0, 150_000));
  });
  try {
    const file = { url: `${server.origin}/net.pth`, checksum: { algorithm: "sha256", hex }, bytes: null };
    const program = `
      import { fetchFile } from ${JSON.stringify(join(root, "dist/hub/index.js"))};
      const onProgress = ({ received }) => process.stderr.write(\`\${received}\\n\`);
      const { bytes } = await fetchFile(${JSON.stringify(file)}, { cacheFolder: ${JSON.stringify(folder)}, onProgress });
      console.log(bytes.length);`;
    const start = () => startProcess(folder, process.execPath, ["--input-type=module", "-e", program]);
    const killed = start();
    await killed.sees("150000\n");
    killed.process.kill("SIGKILL");
    await killed.ended;
    slow = false;
    const all = await Promise.all([start(), start(), start()].map(({ ended }) => ended));
    expect(all.map(({ code, out }) => [code, out])).toEqual(Array.from({ length: 3 }, () => [0, "400000\n"]));
    expect(server.ranges).toEqual([null, "bytes=150000-"]);
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);
