import { Panel } from "../../ui/panel.tsx";

export function RunsPanel() {
  return <Panel id="runs">{null}</Panel>;
}
