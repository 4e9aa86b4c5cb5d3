import { useState } from "preact/hooks";

/** A command to copy. */
export function CopyableCommand({ children }: { readonly children: string }) {
  const [told, setTold] = useState("Copy");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(children);
      setTold("Copied");
    } catch {
      setTold("Select it");
    }
    setTimeout(() => setTold("Copy"), 2000);
  };
  return (
    <div class="runs-command">
      <code>{children}</code>
      <button type="button" class="small" onClick={() => void copy()} aria-live="polite">
        {told}
      </button>
    </div>
  );
}
