import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Segments } from "../../ui/controls.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/panel.tsx";
import { CostSlope } from "./cost-slope.tsx";
import { Descent } from "./descent.tsx";
import { scalarNet, wideNet } from "./net.ts";
import { Numbers } from "./numbers.tsx";
import { ScalarWalk } from "./scalar.tsx";
import { WideWalk } from "./wide.tsx";
import "./backprop.css";

const view = signal<"scalar" | "wide">("scalar");

/** Backpropagation on nets that are small enough to read. */
export function BackpropPanel() {
  const net = view.value === "scalar" ? scalarNet : wideNet;
  const picture = net.picture.value;
  useEffect(() => net.ask(), [net]);
  return (
    <Panel id="backprop">
      <div class="stack">
        <Segments
          label="Which net"
          value={view.value}
          options={[
            { value: "scalar", label: "One unit a layer" },
            { value: "wide", label: "Three units a layer" },
          ]}
          onChange={(value) => {
            view.value = value;
          }}
        />
        {picture === null ? (
          net.failure.value === null ? null : (
            <Notice kind="error">{net.failure.value}</Notice>
          )
        ) : view.value === "scalar" ? (
          <ScalarWalk picture={picture} />
        ) : (
          <WideWalk picture={picture} />
        )}
        <div class="experiments">
          <Numbers net={net} />
          <Descent net={net} />
          <CostSlope net={net} />
        </div>
      </div>
    </Panel>
  );
}
