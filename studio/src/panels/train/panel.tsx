import { Panel } from "../../ui/panel.tsx";

export function TrainPanel() {
  return <Panel id="train">{null}</Panel>;
}
