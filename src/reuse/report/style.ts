/** How photos look, beside what all pages have. */
export const photoStyle = `
.groups { display: flex; flex-wrap: wrap; gap: 12px; } .group { display: flex; gap: 6px; padding: 8px; break-inside: avoid; }
.group img { width: 96px; height: auto; border-radius: 6px; }
.photos { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 16px; }
.photo { display: flex; flex-direction: column; gap: 8px; break-inside: avoid; }
.views { display: flex; gap: 6px; }
.views div { flex: 1 1 0; min-width: 0; max-width: 170px; }
.views img, .views .none { display: block; width: 100%; aspect-ratio: var(--ratio, 1); border-radius: 6px; background: var(--edge); }
.views span { display: block; font-size: .78rem; color: var(--soft); line-height: 1.3; margin-top: 3px; overflow-wrap: anywhere; }
.verdict { font-weight: 600; overflow-wrap: anywhere; }
.verdict.right { color: var(--right); } .verdict.wrong { color: var(--wrong); }
figcaption { font-size: .92rem; } figcaption .path { font-size: .82rem; overflow-wrap: anywhere; }
.guesses { list-style: none; margin: 4px 0 0; padding: 0; font-size: .88rem; }
.guesses li { display: grid; grid-template-columns: minmax(0, 1fr) 90px 4.4em; gap: 10px; align-items: center; }
.guesses i { height: 7px; border-radius: 4px; background: var(--edge); overflow: hidden; }
.guesses i b { display: block; height: 100%; background: var(--bar); }
.guesses em { font-style: normal; text-align: right; font-variant-numeric: tabular-nums; }
figcaption .path { color: var(--soft); }
`;
