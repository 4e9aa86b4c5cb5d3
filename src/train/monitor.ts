import { nameHint, OptionError } from "../tensor/index.ts";
import type { EpochRecord } from "./events.ts";

/**
 * What a callback watches: `loss`, a metric (`accuracy`), or one of them on the validation data (`valLoss`,
 * `valAccuracy`).
 */
export type MonitorName = string;

/** All figures of an epoch by the names under which callbacks watch them. */
export function figuresOf({ loss, metrics, validation }: EpochRecord): Map<MonitorName, number> {
  const figures = new Map(Object.entries({ loss, ...metrics }));
  if (validation !== null) {
    for (const [name, value] of Object.entries(validation)) {
      figures.set(`val${name.charAt(0).toUpperCase()}${name.slice(1)}`, value);
    }
  }
  return figures;
}

/** @throws OptionError when an epoch has no figure of that name */
export function figureOf(record: EpochRecord, monitor: MonitorName, where: string): number {
  const figures = figuresOf(record);
  const value = figures.get(monitor);
  if (value !== undefined) return value;
  const missingValidation = monitor.startsWith("val") && record.validation === null;
  throw new OptionError(`there is no "${monitor}" to watch`, {
    where,
    hint: missingValidation
      ? "Give fit validationData or validationSplit."
      : nameHint(monitor, [...figures.keys()]),
  });
}

/** Whether a figure is better when it is greater: losses fall, all else rises. */
export function risesByName(monitor: MonitorName): boolean {
  return !monitor.toLowerCase().endsWith("loss");
}
