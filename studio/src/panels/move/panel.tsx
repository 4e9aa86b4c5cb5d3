import { Panel } from "../../ui/panel.tsx";

export function MovePanel() {
  return <Panel id="move">{null}</Panel>;
}
