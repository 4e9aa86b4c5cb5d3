import { Panel } from "../../ui/panel.tsx";

export function BackpropPanel() {
  return <Panel id="backprop">{null}</Panel>;
}
