import { useEffect, useState } from "preact/hooks";
import { lab, models } from "../../lab/client.ts";
import { Segments, SelectField } from "../../ui/controls.tsx";
import { ModelPicker } from "../../ui/model-picker.tsx";
import { Notice } from "../../ui/notice.tsx";
import { BlockList } from "./block-list.tsx";
import { presets } from "./blocks.ts";
import { count, shape } from "./format.ts";
import { NetDrawing } from "./net-drawing.tsx";
import { Scroll } from "./scroll.tsx";
import { blocks, dataInfo, isLocked, modelId, preset, report, source, spec, zoo, zooName } from "./state.ts";

/** What is trained: blocks of one's own, a net of the zoo, or a model that has been trained before. */
export function NetworkCard() {
  const locked = isLocked.value;
  const problem = report.value?.problem ?? null;
  return (
    <section class="card" aria-label="Network">
      <div class="train-head">
        <h2>Network</h2>
        <Segments
          label="Where the network comes from"
          value={source.value}
          options={[
            { value: "blocks", label: "Blocks" },
            { value: "zoo", label: "Zoo" },
            { value: "model", label: "Model" },
          ]}
          onChange={(value) => {
            if (!locked) source.value = value;
          }}
        />
      </div>
      <div class="train-stack">
        <Choice locked={locked} />
        {report.value === null ? null : (
          <NetDrawing report={report.value} image={dataInfo.value?.imageShape ?? []} />
        )}
        {source.value === "blocks" ? <BlockList locked={locked} /> : <Layers />}
        {source.value !== "blocks" && problem !== null && report.value !== null ? (
          <Notice kind="error">{problem}</Notice>
        ) : null}
        <Totals />
        <Drawing />
      </div>
    </section>
  );
}

function Choice({ locked }: { readonly locked: boolean }) {
  if (source.value === "blocks") {
    return (
      <SelectField
        label="Begin with"
        value={preset.value}
        disabled={locked}
        options={[
          ...presets.map(({ id, title }) => ({ value: id, label: title })),
          ...(preset.value === "own" ? [{ value: "own", label: "own network" }] : []),
        ]}
        onChange={(id) => {
          const chosen = presets.find((one) => one.id === id);
          if (chosen === undefined) return;
          preset.value = id;
          blocks.value = chosen.blocks();
        }}
      />
    );
  }
  if (source.value === "zoo") {
    const chosen = zoo.value.find(({ name }) => name === zooName.value);
    return (
      <SelectField
        label="Net"
        hint={chosen?.description}
        value={zooName.value}
        disabled={locked}
        options={zoo.value.map(({ name, parameters }) => ({
          value: name,
          label: `${name} (${count(parameters)} parameters)`,
        }))}
        onChange={(name) => {
          zooName.value = name;
        }}
      />
    );
  }
  const hint =
    models.value.length === 0
      ? "Train one, or open a file below."
      : "Training goes on with a copy that has its weights; the model itself stays as it is.";
  return (
    <>
      <ModelPicker
        label="Model in the lab"
        value={modelId.value}
        onChange={(id) => {
          if (!locked) modelId.value = id;
        }}
      />
      <p class="soft train-note">{hint}</p>
    </>
  );
}

/** The layers of a net that is not built here. */
function Layers() {
  const rows = report.value?.rows ?? [];
  if (rows.length === 0) return null;
  return (
    <Scroll class="layers" label="Layers">
      <table>
        <thead>
          <tr>
            <th>Layer</th>
            <th>Output</th>
            <th>Parameters</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th>
                {row.name} <small class="soft">{row.kind}</small>
              </th>
              <td>{row.shape === null ? "–" : shape(row.shape)}</td>
              <td>{row.parameters === 0 ? "" : count(row.parameters)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** The network with all its layers and branches, drawn when it is asked for. */
function Drawing() {
  const [isOpen, setOpen] = useState(false);
  const [address, setAddress] = useState<string | null>(null);
  const data = dataInfo.value;
  const network = spec.value;
  const fits = report.value !== null && report.value.problem === null;
  useEffect(() => {
    if (!isOpen || data === null || !fits) return;
    let isLate = false;
    const target = { network, inputShape: data.imageShape, classes: data.classes.length };
    lab.train
      .draw(target)
      .then((svg) => {
        if (!isLate) setAddress(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`);
      })
      // What is wrong with a network is told above.
      .catch(() => setAddress(null));
    return () => {
      isLate = true;
    };
  }, [isOpen, data, network, fits]);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary class="train-summary">Drawing of all layers</summary>
      {isOpen && fits && address !== null ? (
        <>
          <Scroll class="net-picture" label="Drawing of the network">
            <img src={address} alt="The network, layer by layer" />
          </Scroll>
          <a class="train-note" href={address} download="network.svg">
            Save SVG
          </a>
        </>
      ) : null}
    </details>
  );
}

function Totals() {
  const now = report.value;
  if (now === null || now.rows.length === 0) return null;
  return (
    <p class="soft train-note" id="network-totals">
      {count(now.parameters)} parameters, {count(now.flops / 1000)} thousand operations an image
    </p>
  );
}
