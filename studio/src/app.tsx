import { signal, useSignalEffect } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { messageOf } from "./errors.ts";
import { type PanelEntry, panels } from "./panels.ts";
import { openPanel } from "./route.ts";
import { EngineStatus } from "./ui/engine-status.tsx";
import { Notice } from "./ui/notice.tsx";
import { ThemeButton } from "./ui/theme-button.tsx";

/** Panels that were opened before, and what kept others from loading. */
const loaded = signal<ReadonlyMap<string, ComponentType>>(new Map());
const failure = signal<string | null>(null);

async function load(panel: PanelEntry): Promise<void> {
  failure.value = null;
  if (loaded.peek().has(panel.id)) return;
  try {
    const component = await panel.load();
    loaded.value = new Map([...loaded.peek(), [panel.id, component]]);
  } catch (error) {
    failure.value = `${panel.title} could not be loaded: ${messageOf(error)}. Reload the page.`;
  }
}

/** The page: a bar with the panels' names, and the panel that is open. */
export function App() {
  useSignalEffect(() => void load(openPanel.value));
  const { id, title } = openPanel.value;
  useEffect(() => {
    document.title = `${title} · Fovea Studio`;
    // In a narrow window tabs scroll sideways: the open one is in sight.
    document
      .querySelector('.tabs [aria-current="page"]')
      ?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [title]);
  const Open = loaded.value.get(id);
  return (
    <>
      <header class="bar">
        <a class="brand" href={`#/${panels[0].id}`}>
          <img src="./icon.svg" alt="" />
          Fovea Studio
        </a>
        <nav class="tabs" aria-label="Panels">
          {panels.map((panel) => (
            <a key={panel.id} href={`#/${panel.id}`} aria-current={panel.id === id ? "page" : undefined}>
              {panel.title}
            </a>
          ))}
        </nav>
        <div class="status">
          <EngineStatus />
          <ThemeButton />
        </div>
      </header>
      {failure.value === null ? null : (
        <div class="panel">
          <Notice kind="error">{failure.value}</Notice>
        </div>
      )}
      {Open === undefined ? <p class="panel loading">Loading …</p> : <Open />}
    </>
  );
}
