/** Our side: `node fovea.mjs THREADS`. */
import { createWasmEngine } from "fovea";
import { prepareLayer } from "./fovea-layer.mjs";
import { prepareNet } from "./fovea-net.mjs";
import { serve } from "./serve.mjs";

const engine = await createWasmEngine({ threads: Number(process.argv[2]) });
const about = {
  name: `Fovea on Node ${process.version}`,
  threads: engine.threads,
  isa: engine.name,
  notes: [],
};
await serve(about, (kase, folder) =>
  kase.kind === "layer" ? prepareLayer(engine, kase, folder) : prepareNet(engine, kase, folder),
);
