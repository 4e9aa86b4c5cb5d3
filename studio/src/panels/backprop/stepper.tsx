import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId } from "preact/hooks";

interface StepperProps {
  /** For screen readers: what is stepped through. */
  readonly label: string;
  readonly count: number;
  readonly at: Signal<number>;
  /** The step in words, read out at each step. */
  readonly sentence: string;
  /** What is walked through. Keys work while the focus is in any of the three. */
  readonly children: ComponentChildren;
  /** Beside it, and below the buttons. */
  readonly aside: ComponentChildren;
  readonly below?: ComponentChildren;
}

const milliseconds = 1600;

/** A drawing that is walked through: first, previous, play, next, last; arrow keys, Home, End, and space for play. */
export function Stepper({ label, count, at, sentence, children, aside, below }: StepperProps) {
  const playing = useSignal(false);
  const help = useId();
  const last = count - 1;
  const now = Math.min(at.value, last);
  const go = (step: number) => {
    at.value = Math.max(0, Math.min(last, step));
  };
  const stop = (step: number) => {
    playing.value = false;
    go(step);
  };
  const play = () => {
    if (!playing.peek() && now === last) go(0);
    playing.value = !playing.peek();
  };
  const isPlaying = playing.value && now < last;
  useEffect(() => {
    if (!isPlaying) {
      playing.value = false;
      return;
    }
    const timer = setInterval(() => go(at.peek() + 1), milliseconds);
    return () => clearInterval(timer);
  }, [isPlaying]);

  const keys: Readonly<Record<string, () => void>> = {
    ArrowRight: () => stop(now + 1),
    ArrowLeft: () => stop(now - 1),
    Home: () => stop(0),
    End: () => stop(last),
    " ": play,
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // A slider has arrow keys of its own, and space presses a button.
    const own = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    const presses = event.key === " " && event.target instanceof HTMLButtonElement;
    const act = keys[event.key];
    if (act === undefined || own || presses || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    act();
  };
  useEffect(() => {
    // Nothing has the focus yet, or the tab that was pressed: the keys that the page names step already then.
    const onElsewhere = (event: KeyboardEvent) => {
      const { target, key } = event;
      const free =
        target === document.body || (target instanceof Element && target.closest(".tabs") !== null);
      if (free && (key === "ArrowLeft" || key === "ArrowRight")) onKeyDown(event);
    };
    addEventListener("keydown", onElsewhere);
    return () => removeEventListener("keydown", onElsewhere);
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the drawing as a whole takes the arrow keys.
    <section class="stepper" aria-label={label} aria-describedby={help} tabIndex={0} onKeyDown={onKeyDown}>
      <div class="card drawing">{children}</div>
      <div class="card stepper-bar">
        <p class="sentence" aria-live="polite">
          {sentence}
        </p>
        <div class="row">
          <button type="button" disabled={now === 0} onClick={() => stop(0)} aria-label="First step">
            <Icon path="M3 3v10M13 3 6 8l7 5z" />
          </button>
          <button type="button" disabled={now === 0} onClick={() => stop(now - 1)} aria-label="Previous step">
            <Icon path="M11 3 4 8l7 5z" />
          </button>
          <button type="button" class="primary play" onClick={play}>
            {isPlaying ? "Pause" : "Play"}
          </button>
          <button type="button" disabled={now === last} onClick={() => stop(now + 1)} aria-label="Next step">
            <Icon path="M5 3l7 5-7 5z" />
          </button>
          <button type="button" disabled={now === last} onClick={() => stop(last)} aria-label="Last step">
            <Icon path="M13 3v10M3 3l7 5-7 5z" />
          </button>
          <span class="soft counter">
            step {now + 1} of {count}
          </span>
          <small id={help} class="soft keys">
            Keys: ← → Home End
          </small>
        </div>
      </div>
      {below === undefined ? null : <div class="card below">{below}</div>}
      <div class="card aside">{aside}</div>
    </section>
  );
}

function Icon({ path }: { readonly path: string }) {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} fill="currentColor" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" />
    </svg>
  );
}
