import { signal } from "@preact/signals";
import { proxy } from "comlink";
import { useEffect } from "preact/hooks";
import { messageOf } from "../errors.ts";
import { lab } from "../lab/client.ts";
import type { ModelEntry } from "../lab/models.ts";
import type { StarterNet, StarterProgress } from "../lab/starter.ts";
import { SelectField } from "./controls.tsx";
import { servedDatasets } from "./image-choice.ts";
import { Notice } from "./notice.tsx";
import "./starter.css";

/** The net that is being trained, and how far it is; one at a time, whichever panel asked. */
const training = signal<({ readonly net: StarterNet } & StarterProgress) | null>(null);
const failure = signal<string | null>(null);

function told(error: unknown): void {
  failure.value = messageOf(error);
}

async function trainAll(nets: readonly StarterNet[], onDone: (entry: ModelEntry) => void): Promise<void> {
  failure.value = null;
  try {
    for (const net of nets) {
      training.value = { net, share: 0, accuracy: 0 };
      const onProgress = (progress: StarterProgress) => {
        training.value = { net, ...progress };
      };
      onDone(await lab.starter.train(net, proxy(onProgress)));
    }
  } catch (error) {
    told(error);
  } finally {
    training.value = null;
  }
}

interface StarterButtonProps {
  /** Trained one after the other. */
  readonly nets: readonly StarterNet[];
  readonly children: string;
  readonly primary?: boolean;
  readonly onDone?: (entry: ModelEntry) => void;
}

/** Trains nets for an epoch of MNIST each, so that there is something to look at. */
export function StarterButton({ nets, children, primary = false, onDone = () => {} }: StarterButtonProps) {
  const served = servedDatasets.value;
  const lacksData = served !== null && !served.some(({ name }) => name === "mnist");
  return (
    <button
      type="button"
      class={primary ? "primary" : ""}
      disabled={training.value !== null || lacksData}
      title={lacksData ? "This site does not serve MNIST." : undefined}
      onClick={() => void trainAll(nets, onDone)}
    >
      {children}
    </button>
  );
}

const names = signal<readonly string[]>([]);

/** Adds a net of the zoo with random weights: what training starts from. */
export function UntrainedNet({ onDone }: { readonly onDone: (entry: ModelEntry) => void }) {
  useEffect(() => {
    if (names.peek().length > 0) return;
    lab.starter.names().then((found) => {
      names.value = found;
    }, told);
  }, []);
  return (
    <SelectField
      label="Add an untrained net"
      value=""
      options={[
        { value: "", label: "choose …" },
        ...names.value.map((name) => ({ value: name, label: name })),
      ]}
      onChange={(name) => {
        if (name !== "") lab.starter.untrained(name).then(onDone, told);
      }}
    />
  );
}

/** How far the training of starters is, and what went wrong; nothing otherwise. */
export function StarterStatus() {
  const running = training.value;
  return (
    <>
      {running === null ? null : (
        <p class="starter" role="status">
          <progress value={running.share} max={1} aria-label={`Training ${running.net}`} />
          <span class="soft numbers">
            {running.net}: {(100 * running.accuracy).toFixed(1)} % right so far
          </span>
        </p>
      )}
      {failure.value === null ? null : <Notice kind="error">{failure.value}</Notice>}
    </>
  );
}
