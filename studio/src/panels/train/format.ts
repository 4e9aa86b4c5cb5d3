import type { EpochRecord } from "fovea";

/** How figures read. */

const grouped = new Intl.NumberFormat("en");

/** 61706 as 61,706. */
export function count(value: number): string {
  return grouped.format(Math.round(value));
}

/** 0.9812 as 98.12 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** A loss, or a rate: four digits that count. */
export function figure(value: number): string {
  return value === 0 ? "0" : value.toPrecision(4);
}

/** On axes: as few digits as do. */
export function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** On axes: 98.5 %. */
export function shortPercent(share: number): string {
  return `${Number((100 * share).toFixed(2))} %`;
}

/** A learning rate, without zeros that say nothing. */
export function rate(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** 12.3 s, 2 min 5 s. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** 28×28×1. */
export function shape(sizes: readonly number[]): string {
  return sizes.join("×");
}

/** The accuracy on what an epoch was trained on. */
export function trainedAccuracy({ metrics }: EpochRecord): number | null {
  return accuracyIn(metrics);
}

/** The accuracy on what is held back. */
export function heldBackAccuracy({ validation }: EpochRecord): number | null {
  return validation === null ? null : accuracyIn(validation);
}

function accuracyIn(figures: Readonly<Record<string, number | undefined>>): number | null {
  const { accuracy } = figures;
  return accuracy ?? null;
}
