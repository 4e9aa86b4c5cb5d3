import { Panel } from "../../ui/panel.tsx";

export function LookPanel() {
  return <Panel id="look">{null}</Panel>;
}
