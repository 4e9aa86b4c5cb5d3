import { signal } from "@preact/signals";

/** As the system has it, or always light or dark. */
export type Theme = "system" | "light" | "dark";

const key = "fovea-theme";

/** Storage may be forbidden: then the choice lasts as long as the page. */
function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(key);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system";
  }
}

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

export const theme = signal<Theme>(storedTheme());

/** Whether the page is dark now. What is drawn on a canvas reads this, to be drawn again when it changes. */
export const isDark = signal(false);

function apply(): void {
  const chosen = theme.peek();
  if (chosen === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
  isDark.value = chosen === "dark" || (chosen === "system" && systemIsDark.matches);
}

export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  try {
    localStorage.setItem(key, chosen);
  } catch {
    // See storedTheme.
  }
  apply();
}

systemIsDark.addEventListener("change", apply);
apply();
