import type { ComponentChildren } from "preact";

/** What is scrolled within: reachable by keyboard, so that arrow keys scroll it. */
export function Scroll(props: {
  readonly label: string;
  readonly class: string;
  readonly children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without focus the keyboard could not scroll it
    <section class={`scroll ${props.class}`} tabIndex={0} aria-label={props.label}>
      {props.children}
    </section>
  );
}
