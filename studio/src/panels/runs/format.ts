import type { RunEntry } from "fovea/server";

export const nothing = "–";

export function percent(share: number | null): string {
  return share === null ? nothing : `${(100 * share).toFixed(2)} %`;
}

/** As `metrics.jsonl` has it, to four decimals; tiny ones in powers of ten. */
export function figure(value: number | null): string {
  if (value === null) return nothing;
  return value !== 0 && Math.abs(value) < 0.0005 ? value.toExponential(1) : value.toFixed(4);
}

/** `7 s`, `1:23`, `1:02:03`. */
export function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  if (milliseconds === 0) return nothing;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

const units = [
  ["second", 1],
  ["minute", 60],
  ["hour", 3600],
  ["day", 86_400],
] as const;
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** `5 sec. ago`, `2 hr. ago`. @param now - in milliseconds */
export function ago(time: string | null, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(time ?? "")) / 1000);
  if (Number.isNaN(seconds)) return nothing;
  const [unit, size] = units.findLast(([, length]) => seconds >= length) ?? units[0];
  return relative.format(-Math.floor(seconds / size), unit);
}

/** `2026-11-24 13:03`, in the time of this machine. */
export function moment(time: string | null): string {
  const date = new Date(time ?? "");
  if (Number.isNaN(date.getTime())) return nothing;
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The best accuracy that is known of a run: of the test part where it was judged. */
export function bestAccuracy({ testAccuracy, bestValidationAccuracy }: RunEntry): number | null {
  return testAccuracy ?? bestValidationAccuracy;
}

export function epochsText({ epochs, plannedEpochs, state }: RunEntry): string {
  const isWhole = plannedEpochs === null || epochs >= plannedEpochs || state === "finished";
  return isWhole ? String(epochs) : `${epochs} of ${plannedEpochs}`;
}

/** Settings whose keys say too little by themselves. */
const settingNames: Readonly<Record<string, string>> = {
  augment: "augmentation",
  clipNorm: "gradients clipped to norm",
  ema: "weights averaged by",
  limit: "images at most",
  strict: "all weights must fit",
  tap: "cut behind layer",
  test: "share held out to test",
  validation: "share held out to watch",
};

/** `learningRate` -> `learning rate`. */
export function settingName(key: string): string {
  return settingNames[key] ?? key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** A setting as text; what says nothing, an empty list too, is {@link nothing}. */
export function settingText(value: unknown): string {
  if (value === undefined || value === null || value === "") return nothing;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "object") return String(value);
  const parts = Array.isArray(value)
    ? value.map(settingText)
    : Object.entries(value)
        .filter(([, part]) => settingText(part) !== nothing)
        .map(([key, part]) => `${settingName(key)} ${settingText(part)}`);
  return parts.length === 0 ? nothing : parts.join(", ");
}
