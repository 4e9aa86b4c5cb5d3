import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { lab, models } from "../../lab/client.ts";
import { Stats } from "../../ui/controls.tsx";
import { Notice } from "../../ui/notice.tsx";
import { count, duration, figure, heldBackAccuracy, percent, rate } from "./format.ts";
import {
  active,
  dataInfo,
  modelId,
  report,
  type SessionRun,
  shown,
  start,
  startFailure,
  starting,
  steer,
} from "./state.ts";

/** Begins a run and steers it: always in sight while one scrolls. */
export function RunBar() {
  const run = active.value;
  return (
    <section class="card train-whole run-bar" aria-label="Run">
      <div class="row">
        {run === null ? <Beginning /> : <Steering run={run} />}
        <Figures />
      </div>
      <Progress />
      {startFailure.value === null ? null : (
        <Notice kind="error" onDismiss={() => (startFailure.value = null)}>
          {startFailure.value}
        </Notice>
      )}
      <Outcome />
    </section>
  );
}

/** Steps that the button takes at a time. */
const stepSize = signal(1);

function Beginning() {
  const problem = report.value?.problem ?? null;
  const disabled = dataInfo.value === null || report.value === null || problem !== null || starting.value;
  const chosen = models.value.find(({ id }) => id === modelId.value)?.name ?? null;
  return (
    <>
      <button
        type="button"
        class="primary run-begin"
        disabled={disabled}
        title={problem ?? undefined}
        onClick={() => void start(chosen, null)}
      >
        {starting.value ? "Starting …" : "Train"}
      </button>
      <StepButton disabled={disabled} onStep={(steps) => void start(chosen, steps)} />
    </>
  );
}

function StepButton({
  disabled,
  onStep,
}: {
  readonly disabled: boolean;
  readonly onStep: (steps: number) => void;
}) {
  return (
    <span class="joined">
      <button
        type="button"
        disabled={disabled}
        title="Takes so many steps, then pauses"
        onClick={() => onStep(stepSize.value)}
      >
        Step
      </button>
      <select
        aria-label="Steps at a time"
        value={String(stepSize.value)}
        onChange={({ currentTarget }) => {
          stepSize.value = Number(currentTarget.value);
        }}
      >
        {[1, 10, 100].map((number) => (
          <option key={number} value={String(number)}>
            {number}
          </option>
        ))}
      </select>
    </span>
  );
}

function Steering({ run }: { readonly run: SessionRun }) {
  const state = run.update?.state ?? "waiting";
  const isPaused = state === "paused" || state === "pausing";
  return (
    <>
      {isPaused ? (
        <button
          type="button"
          class="primary run-begin"
          onClick={() => void steer((id) => lab.train.resume(id))}
        >
          Go on
        </button>
      ) : (
        <button
          type="button"
          class="primary run-begin"
          onClick={() => void steer((id) => lab.train.pause(id))}
        >
          Pause
        </button>
      )}
      <StepButton disabled={false} onStep={(steps) => void steer((id) => lab.train.step(id, steps))} />
      <button type="button" onClick={() => void steer((id) => lab.train.stop(id))}>
        Stop
      </button>
      <RateField now={run.update?.learningRate ?? null} />
    </>
  );
}

/** The learning rate of the run that is under way: taken with Enter, or by a button. */
function RateField({ now }: { readonly now: number | null }) {
  const [draft, setDraft] = useState("");
  const set = (value: number | null) => {
    setDraft("");
    void steer((id) => lab.train.setLearningRate(id, value));
  };
  const typed = Number(draft);
  const valid = draft === "" || (Number.isFinite(typed) && typed >= 0);
  return (
    <form
      class="joined"
      onSubmit={(event) => {
        event.preventDefault();
        if (draft !== "" && valid) set(typed);
      }}
    >
      <label class="rate-field">
        <span>Rate</span>
        <input
          type="text"
          inputMode="decimal"
          aria-label="Learning rate from now on"
          aria-invalid={!valid}
          placeholder={now === null ? "" : rate(now)}
          value={draft}
          onInput={({ currentTarget }) => setDraft(currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={draft === "" || !valid}>
        Set
      </button>
      <button
        type="button"
        disabled={now === null}
        title="A third of the rate"
        onClick={() => set((now ?? 0) / 3)}
      >
        ÷3
      </button>
      <button
        type="button"
        disabled={now === null}
        title="Three times the rate"
        onClick={() => set((now ?? 0) * 3)}
      >
        ×3
      </button>
      <button type="button" title="Back to the schedule" onClick={() => set(null)}>
        ↺<span class="visually-hidden">Back to the schedule</span>
      </button>
    </form>
  );
}

function Figures() {
  const run = shown.value;
  if (run === null) return <p class="soft run-hint">{hint()}</p>;
  const { update, epochs, settings, info } = run;
  const last = epochs.at(-1);
  const { epoch: done = 0, step = 0 } = update?.position ?? {};
  const epoch = Math.min(settings.epochs, done + 1);
  return (
    <div class="run-figures">
      <Stats
        of={[
          ["Epoch", `${epoch} / ${settings.epochs}`],
          [
            "Step",
            `${count(done < settings.epochs ? step : info.stepsPerEpoch)} / ${count(info.stepsPerEpoch)}`,
          ],
          ["Loss", figure(run.curve.smoothed.at(-1) ?? Number.NaN)],
          ["Accuracy", accuracyText(last)],
          ["Images / s", count(update?.imagesPerSecond ?? 0)],
        ]}
      />
    </div>
  );
}

function accuracyText(record: SessionRun["epochs"][number] | undefined): string {
  const accuracy = record === undefined ? null : heldBackAccuracy(record);
  return accuracy === null ? "–" : percent(accuracy);
}

function hint(): string {
  if (dataInfo.value === null) return "Choose data to begin with.";
  const problem = report.value?.problem ?? null;
  return problem === null ? "Ready: data, network and settings fit." : `Not yet: ${problem}`;
}

function Progress() {
  const run = shown.value;
  if (run === null) return null;
  const { update, settings, info } = run;
  const position = update?.position ?? { epoch: 0, step: 0 };
  const total = settings.epochs * info.stepsPerEpoch;
  const share = Math.min(1, (position.epoch * info.stepsPerEpoch + position.step) / total);
  const state = run.result === null ? (update?.state ?? "starting") : run.result.reason;
  const threads = info.threads === 1 ? "1 thread" : `${info.threads} threads`;
  return (
    <div class="progress">
      <div
        class="track"
        role="progressbar"
        aria-label={`Progress of run ${run.name}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(100 * share)}
      >
        <div style={{ width: `${100 * share}%` }} />
      </div>
      <p>
        <strong id="run-state">{state}</strong> {duration(update?.milliseconds ?? 0)} · {run.name} on{" "}
        {run.data.title} · {count(info.parameters)} parameters · {threads}, {info.kernels} kernels,{" "}
        {settings.precision}
        {update?.learningRate ? (
          <>
            {" "}
            · rate <span id="run-rate">{rate(update.learningRate)}</span>
          </>
        ) : null}
      </p>
    </div>
  );
}

/** Why a run ended before its end. */
function Outcome() {
  const result = shown.value?.result ?? null;
  if (result === null || result.message === null) return null;
  return <Notice kind="error">{result.message}</Notice>;
}
