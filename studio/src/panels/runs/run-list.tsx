import type { RunEntry } from "fovea/server";
import { useEffect, useState } from "preact/hooks";
import { choose, chosen, runs } from "./feed.ts";
import { ago, bestAccuracy, epochsText, nothing, percent } from "./format.ts";

/** A mark for each state, beside its name: colour alone would not tell. */
const marks: { readonly [State in RunEntry["state"]]: string } = {
  running: "●",
  finished: "✓",
  interrupted: "⏸",
  killed: "✕",
  begun: "○",
  damaged: "!",
};

/** All runs; those that are checked are drawn below. */
export function RunList() {
  const now = useNow(5000);
  const all = runs.value ?? [];
  return (
    <section class="card" aria-label="Runs">
      <div class="wide">
        <table class="runs-list">
          <thead>
            <tr>
              <th scope="col">Run</th>
              <th scope="col">State</th>
              <th scope="col">Data</th>
              <th scope="col">Model</th>
              <th scope="col">Epochs</th>
              <th scope="col">Best accuracy</th>
              <th scope="col">Updated</th>
            </tr>
          </thead>
          <tbody>
            {all.map((run) => (
              <RunRow key={run.name} run={run} now={now} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function RunRow({ run, now }: { readonly run: RunEntry; readonly now: number }) {
  const place = chosen.value.indexOf(run.name);
  const isChosen = place >= 0;
  return (
    <tr class={isChosen ? "chosen" : ""}>
      <th scope="row">
        <label>
          <input
            type="checkbox"
            checked={isChosen}
            onChange={({ currentTarget }) => choose(run.name, currentTarget.checked)}
          />
          <span class="runs-dot" data-colour={isChosen ? place + 1 : undefined} />
          <span>
            {run.name}
            <small class="soft runs-below">
              {run.model ?? nothing} · {run.data ?? nothing}
            </small>
          </span>
        </label>
      </th>
      <td>
        <span class={`runs-state ${run.state}`} title={run.problem ?? undefined}>
          <span aria-hidden="true">{marks[run.state]}</span> {run.state}
        </span>
      </td>
      <td>{run.data ?? nothing}</td>
      <td>{run.model ?? nothing}</td>
      <td>{epochsText(run)}</td>
      <td title={run.testAccuracy === null ? "on the validation part" : "on the test part"}>
        {percent(bestAccuracy(run))}
      </td>
      <td>{ago(run.updated, now)}</td>
    </tr>
  );
}

/** The time, every so many milliseconds. */
function useNow(pause: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), pause);
    return () => clearInterval(timer);
  }, [pause]);
  return now;
}
