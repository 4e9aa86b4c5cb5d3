import { engineFailure, engineInfo } from "../lab/client.ts";

/** How the engine runs here, in the bar: threads where memory can be shared, one otherwise. */
export function EngineStatus() {
  if (engineFailure.value !== null) return <span title={engineFailure.value}>no engine</span>;
  const info = engineInfo.value;
  if (info === null) return <span>starting …</span>;
  const threads = info.threads === 1 ? "1 thread" : `${info.threads} threads`;
  const why = info.sharesMemory
    ? `Kernels: ${info.kernels}.`
    : `Kernels: ${info.kernels}. The page is not cross-origin isolated, so that threads cannot share memory.`;
  return (
    <span id="engine" title={why}>
      {threads}
    </span>
  );
}
