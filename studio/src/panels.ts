import type { ComponentType } from "preact";

/** A part of Studio with an address of its own. */
export interface PanelEntry {
  /** Behind `#/` in the address. */
  readonly id: string;
  readonly title: string;
  /** What it is for, in a sentence. */
  readonly purpose: string;
  /** Loaded when it is first opened, so that the page is small. */
  readonly load: () => Promise<ComponentType>;
}

/** The panels, in the order in which a newcomer would take them. */
export const panels: readonly PanelEntry[] = [
  {
    id: "train",
    title: "Train",
    purpose: "Build a network, train it on digits or on your own images, and watch it learn.",
    load: async () => (await import("./panels/train/panel.tsx")).TrainPanel,
  },
  {
    id: "look",
    title: "Look inside",
    purpose: "Draw a digit or drop a photo, and see what every layer makes of it.",
    load: async () => (await import("./panels/look/panel.tsx")).LookPanel,
  },
  {
    id: "move",
    title: "Move it",
    purpose: "Drag an image under several networks and see which of them lose it.",
    load: async () => (await import("./panels/move/panel.tsx")).MovePanel,
  },
  {
    id: "backprop",
    title: "Backprop",
    purpose: "Walk the chain rule backwards through a small network, factor by factor.",
    load: async () => (await import("./panels/backprop/panel.tsx")).BackpropPanel,
  },
  {
    id: "teach",
    title: "Teach",
    purpose: "Collect photos for classes of your own and train a last layer on them in seconds.",
    load: async () => (await import("./panels/teach/panel.tsx")).TeachPanel,
  },
  {
    id: "runs",
    title: "Runs",
    purpose: "Follow what is being trained on the command line.",
    load: async () => (await import("./panels/runs/panel.tsx")).RunsPanel,
  },
];
