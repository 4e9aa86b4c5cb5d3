import { useEffect } from "preact/hooks";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/panel.tsx";
import { CopyableCommand } from "./command.tsx";
import { EpochTable } from "./epoch-table.tsx";
import { chosen, host, isLost, listen, runs } from "./feed.ts";
import { RunCharts } from "./run-charts.tsx";
import { RunList } from "./run-list.tsx";
import { RunMaps } from "./run-maps.tsx";
import { RunTable } from "./run-table.tsx";
import "./runs.css";

/** Runs of the command line, as they go on. */
export function RunsPanel() {
  useEffect(listen, []);
  return (
    <Panel id="runs">
      <div class="stack">
        {isLost.value ? (
          <Notice>The server cannot be reached. What is shown stays as it was; it is asked again.</Notice>
        ) : null}
        <Content />
      </div>
    </Panel>
  );
}

function Content() {
  const from = host.value;
  if (from === "none") return <NoServer />;
  if (from === "unknown" || runs.value === null) return <p class="soft">Looking for runs …</p>;
  if (runs.value.length === 0) return <NoRuns folder={from.runs} />;
  return (
    <>
      <RunList />
      <Chosen />
    </>
  );
}

/** The runs that are looked at. */
function Chosen() {
  const all = new Map((runs.value ?? []).map((run) => [run.name, run]));
  const entries = chosen.value.flatMap((name) => all.get(name) ?? []);
  if (entries.length === 0)
    return <p class="soft">Check runs to see their curves, one or several side by side.</p>;
  return (
    <>
      <section class="card" aria-label="Curves">
        <h2>{entries.length === 1 ? "Curves" : "Curves side by side"}</h2>
        <p class="soft">
          Whole lines are of images that were held back, dashed ones of those that were trained on.
        </p>
        <RunCharts names={chosen.value} />
        <EpochTable names={chosen.value} />
      </section>
      <div class="runs-columns">
        <section class="card" aria-label="Figures">
          <h2>Figures</h2>
          <RunTable of={entries} />
        </section>
        <div class="stack">
          {entries.map((run) => (
            <RunMaps key={run.name} run={run} colour={chosen.value.indexOf(run.name) + 1} />
          ))}
        </div>
      </div>
    </>
  );
}

function NoServer() {
  return (
    <section class="card stack">
      <h2>Runs are followed from your own machine</h2>
      <p>
        This page comes from a host of files, which knows nothing of what you train on the command line. Start
        Studio where your runs are; it reads them as they are written, and nothing leaves your machine.
      </p>
      <CopyableCommand>npx fovea studio --open</CopyableCommand>
    </section>
  );
}

function NoRuns({ folder }: { readonly folder: string }) {
  return (
    <section class="card stack">
      <h2>There are no runs yet</h2>
      <p>
        Start one on the command line, in the folder in which Studio was started; it appears here at once.
      </p>
      <CopyableCommand>{`npx fovea train --data mnist --model lenet5 --epochs 5 --out ${folder}/lenet5`}</CopyableCommand>
    </section>
  );
}
