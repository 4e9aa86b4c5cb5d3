import type { ComponentChildren } from "preact";
import { panels } from "../panels.ts";

/** The frame of a panel: its title, what it is for, and its content. */
export function Panel({ id, children }: { readonly id: string; readonly children: ComponentChildren }) {
  const panel = panels.find((one) => one.id === id);
  return (
    <main class="panel" id={id}>
      <header>
        <h1>{panel?.title}</h1>
        <p>{panel?.purpose}</p>
      </header>
      {children}
    </main>
  );
}
