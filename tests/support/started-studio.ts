import { type Running, start } from "../cli/command.ts";

/**
 * Starts `fovea studio` on a free port.
 *
 * @param folder - in which it runs
 * @returns also its address, with a slash at the end
 */
export async function startedStudio(
  folder: string,
  ...words: readonly string[]
): Promise<{ readonly server: Running; readonly address: string }> {
  const server = start(folder, "studio", "--port", "0", ...words);
  const address = await new Promise<string>((resolve, reject) => {
    server.process.stdout?.on("data", (chunk: Buffer) => {
      const [found] = /http:\S+/.exec(chunk.toString()) ?? [];
      if (found !== undefined) resolve(`${found}/`);
    });
    server.ended.then(({ err }) => reject(new Error(err)), reject);
  });
  return { server, address };
}
