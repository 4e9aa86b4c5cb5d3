import { signal } from "@preact/signals";
import type { RunEntry } from "fovea/server";
import { useEffect } from "preact/hooks";
import { messageOf } from "../../errors.ts";
import { lab, models } from "../../lab/client.ts";
import type { ModelFormat } from "../../lab/model-file.ts";
import type { ModelEntry } from "../../lab/models.ts";
import { download } from "../../ui/download.ts";
import { Notice } from "../../ui/notice.tsx";
import { count, shape } from "./format.ts";
import { Scroll } from "./scroll.tsx";
import { dataInfo, isLocked, modelId, modelInTraining, source, spec } from "./state.ts";

const failure = signal<string | null>(null);
const busy = signal<string | null>(null);

async function attempt(what: string, act: () => Promise<void>): Promise<void> {
  failure.value = null;
  busy.value = what;
  try {
    await act();
  } catch (error) {
    failure.value = messageOf(error);
  } finally {
    busy.value = null;
  }
}

/** Runs of the command line that have a model; none where the site knows no runs. */
const commandRuns = signal<readonly RunEntry[]>([]);

async function findRuns(): Promise<void> {
  // Only a server that says so is asked: a host of files would answer with an error.
  if (!(await lab.datasets.followsRuns())) return;
  const response = await fetch(new URL("api/runs", document.baseURI));
  if (!response.ok) return;
  const { runs }: { readonly runs: readonly RunEntry[] } = await response.json();
  commandRuns.value = runs.filter(({ weights }) => weights !== null);
}

async function openRun(name: string): Promise<void> {
  await attempt(`Opening ${name} …`, async () => {
    const address = new URL(`api/runs/${encodeURIComponent(name)}/model`, document.baseURI).href;
    const { id } = await lab.runs.open(address, name);
    if (!isLocked.peek()) goOn(id);
  });
}

/** Models of the lab, to save, to go on with, and to open from files. */
export function ModelsCard() {
  useEffect(() => {
    void attempt("Looking for runs …", findRuns);
  }, []);
  return (
    <section
      class="card train-whole"
      aria-label="Models"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void openFiles(event.dataTransfer?.files ?? null);
      }}
    >
      <div class="train-head">
        <h2>Models</h2>
        <div class="row">
          {commandRuns.value.length === 0 ? null : (
            <select
              aria-label="Open a run of the command line"
              value=""
              onFocus={() => void findRuns()}
              onChange={({ currentTarget }) => {
                if (currentTarget.value !== "") void openRun(currentTarget.value);
                currentTarget.value = "";
              }}
            >
              <option value="">Open a run …</option>
              {commandRuns.value.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          )}
          <label class="button">
            Open a file …
            <input
              type="file"
              class="visually-hidden"
              multiple
              accept=".safetensors,.onnx,.keras,.h5,.pth,.pt,.npz"
              onChange={({ currentTarget }) => {
                void openFiles(currentTarget.files).then(() => {
                  currentTarget.value = "";
                });
              }}
            />
          </label>
        </div>
      </div>
      <div class="train-stack">
        {failure.value === null ? null : (
          <Notice kind="error" onDismiss={() => (failure.value = null)}>
            {failure.value}
          </Notice>
        )}
        {busy.value === null ? null : <p role="status">{busy.value}</p>}
        {models.value.length === 0 ? (
          <p class="soft">
            Models that are trained here appear in this list. Open those of the command line (
            <code>model.safetensors</code> in a run's folder), ONNX and Keras files; weights of PyTorch go
            into the network above.
          </p>
        ) : (
          <ModelTable />
        )}
      </div>
    </section>
  );
}

async function openFiles(list: FileList | null): Promise<void> {
  for (const file of [...(list ?? [])]) {
    await attempt(`Opening ${file.name} …`, async () => {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const target = {
        network: spec.peek(),
        inputShape: dataInfo.peek()?.imageShape ?? [28, 28, 1],
        classes: dataInfo.peek()?.classes.length ?? 10,
      };
      const { id } = await lab.train.open(bytes, file.name, target);
      if (!isLocked.peek()) goOn(id);
    });
  }
}

/** Makes a model what is trained next. */
function goOn(id: string): void {
  modelId.value = id;
  source.value = "model";
}

function ModelTable() {
  return (
    <Scroll class="wide" label="Models in the lab">
      <table>
        <thead>
          <tr>
            <th>Model</th>
            <th>From</th>
            <th>Images</th>
            <th>Classes</th>
            <th>Parameters</th>
            <th>
              <span class="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {models.value.map((model) => (
            <ModelRow key={model.id} model={model} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function ModelRow({ model }: { readonly model: ModelEntry }) {
  const inTraining = modelInTraining.value === model.id;
  return (
    <tr>
      <th>{model.name}</th>
      <td>{model.origin}</td>
      <td>{shape(model.inputShape)}</td>
      <td>{shape(model.outputShape)}</td>
      <td>{count(model.parameters)}</td>
      <td class="actions">
        <button type="button" class="small" onClick={() => void save(model, "safetensors")}>
          Save safetensors
        </button>
        <button type="button" class="small" onClick={() => void save(model, "onnx")}>
          Save ONNX
        </button>
        <button type="button" class="small" disabled={isLocked.value} onClick={() => goOn(model.id)}>
          Train on
        </button>
        <button
          type="button"
          class="quiet small"
          disabled={inTraining}
          onClick={() => {
            if (modelId.peek() === model.id) modelId.value = null;
            void lab.models.remove(model.id);
          }}
        >
          Remove
        </button>
      </td>
    </tr>
  );
}

async function save({ id, name }: ModelEntry, format: ModelFormat): Promise<void> {
  await attempt(`Saving ${name} …`, async () => {
    const { bytes, fileName } = await lab.train.save(id, format, name);
    download(bytes, fileName);
  });
}
