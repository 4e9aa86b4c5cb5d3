import { Panel } from "../../ui/panel.tsx";
import { CurvesCard } from "./curves-card.tsx";
import { DataCard } from "./data-card.tsx";
import { InsightCard } from "./insight-card.tsx";
import { ModelsCard } from "./models-card.tsx";
import { NetworkCard } from "./network-card.tsx";
import { RunBar } from "./run-bar.tsx";
import { RunsCard } from "./runs-card.tsx";
import { SettingsCard } from "./settings-card.tsx";
import "./train.css";

/** From left to right what a run goes through: data, network and settings; then what is to be seen of it. */
export function TrainPanel() {
  return (
    <Panel id="train">
      <div class="train">
        <RunBar />
        <div class="train-setup">
          <DataCard />
          <NetworkCard />
          <SettingsCard />
        </div>
        <div class="train-watch">
          <CurvesCard />
          <InsightCard />
          <RunsCard />
        </div>
        <ModelsCard />
      </div>
    </Panel>
  );
}
