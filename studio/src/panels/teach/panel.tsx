import { Panel } from "../../ui/panel.tsx";

export function TeachPanel() {
  return <Panel id="teach">{null}</Panel>;
}
