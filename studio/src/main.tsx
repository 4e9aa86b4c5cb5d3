import { render } from "preact";
import { App } from "./app.tsx";
import "./style/index.css";

const root = document.getElementById("app");
if (root === null) throw new Error("the page has no element #app");

// A file that is dropped beside the places for it would be opened in place of the page, and all models be lost.
for (const kind of ["dragover", "drop"]) {
  addEventListener(kind, (event) => {
    if (event instanceof DragEvent && event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
}

render(<App />, root);
