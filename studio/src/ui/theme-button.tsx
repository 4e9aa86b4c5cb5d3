import { isDark, setTheme } from "../theme.ts";

/** Changes between light and dark. */
export function ThemeButton() {
  const other = isDark.value ? "light" : "dark";
  return (
    <button
      type="button"
      class="quiet small"
      aria-label={`Use ${other} colours`}
      title={`Use ${other} colours`}
      onClick={() => setTheme(other)}
    >
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" />
        <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor" />
      </svg>
    </button>
  );
}
