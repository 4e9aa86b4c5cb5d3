import { signal } from "@preact/signals";
import { type PanelEntry, panels } from "./panels.ts";

/** The panel that the address names (`#/train`); the first one where it names none that exists. */
function panelOfAddress(): PanelEntry {
  const [id] = location.hash.replace(/^#\/?/, "").split(/[/?]/);
  return panels.find((panel) => panel.id === id) ?? panels[0];
}

/** The panel that is open. */
export const openPanel = signal(panelOfAddress());

addEventListener("hashchange", () => {
  openPanel.value = panelOfAddress();
});

/** Opens a panel, as a click on its tab would. */
export function goTo(id: string): void {
  location.hash = `#/${id}`;
}
