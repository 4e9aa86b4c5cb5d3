import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 720px)");

/** Whether the window is as narrow as a phone's. What is sized in script reads this; style sheets have a media query of the same width. */
export const isNarrow = signal(query.matches);

query.addEventListener("change", () => {
  isNarrow.value = query.matches;
});
