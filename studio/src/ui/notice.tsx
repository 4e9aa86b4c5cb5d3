import type { ComponentChildren } from "preact";

interface NoticeProps {
  /** An error is told at once to screen readers, anything else when they are idle. */
  readonly kind?: "error" | "hint";
  /** Shows a button that takes the notice away. */
  readonly onDismiss?: () => void;
  readonly children: ComponentChildren;
}

/** One clear message: what is wrong or worth knowing, and how to go on. */
export function Notice({ kind = "hint", onDismiss, children }: NoticeProps) {
  return (
    <div class={`notice ${kind}`} role={kind === "error" ? "alert" : "status"}>
      <p>{children}</p>
      {onDismiss === undefined ? null : (
        <button type="button" class="quiet small" onClick={onDismiss}>
          Dismiss
        </button>
      )}
    </div>
  );
}
