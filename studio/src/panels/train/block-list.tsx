import { useState } from "preact/hooks";
import type { NetworkRow } from "../../lab/train/types.ts";
import { NumberField, SelectField } from "../../ui/controls.tsx";
import {
  type Block,
  type BlockKind,
  blockKinds,
  blockTable,
  briefOf,
  newBlock,
  type OptionField,
  withOption,
} from "./blocks.ts";
import { count, shape } from "./format.ts";
import { blocks, dataInfo, preset, report } from "./state.ts";

/** Replaces the list; from now on it is nobody's preset. */
function setBlocks(changed: readonly Block[]): void {
  blocks.value = changed;
  preset.value = "own";
}

function move(from: number, to: number): void {
  const list = [...blocks.peek()];
  if (to < 0 || to >= list.length || from === to) return;
  const [block] = list.splice(from, 1);
  list.splice(to, 0, block);
  setBlocks(list);
}

/** Removes a block; the focus goes to the one that takes its place, else the keyboard would begin anew. */
function remove(id: number, list: Element | null): void {
  const place = blocks.peek().findIndex((block) => block.id === id);
  setBlocks(blocks.peek().filter((block) => block.id !== id));
  requestAnimationFrame(() => {
    const names = list?.querySelectorAll<HTMLButtonElement>("button.block-name") ?? [];
    names[Math.min(place, names.length - 1)]?.focus();
  });
}

/** The blocks of a network, each with what it makes and how many parameters it has. */
export function BlockList({ locked }: { readonly locked: boolean }) {
  const [open, setOpen] = useState<number | null>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const [kind, setKind] = useState<BlockKind>("convolution");
  const rows = report.value?.rows ?? [];
  const add = () => {
    const list = [...blocks.peek()];
    const block = newBlock(kind);
    const place = list.findIndex(({ id }) => id === open);
    list.splice(place === -1 ? list.length : place + 1, 0, block);
    setBlocks(list);
    setOpen(block.id);
  };
  return (
    <>
      <ol class="blocks" aria-label="Blocks">
        <li class="block fixed">
          <span class="block-name">Images</span>
          <span class="block-shape numbers">{shape(dataInfo.value?.imageShape ?? [])}</span>
          <span class="block-count" />
        </li>
        {blocks.value.map((block, index) => (
          <BlockRow
            key={block.id}
            block={block}
            index={index}
            row={rows[index]}
            isOpen={open === block.id}
            isOver={over === index && dragged !== null && dragged !== index}
            locked={locked}
            onToggle={() => setOpen(open === block.id ? null : block.id)}
            onDrag={setDragged}
            onOver={setOver}
            onDrop={() => {
              if (dragged !== null && over !== null) move(dragged, over);
              setDragged(null);
              setOver(null);
            }}
          />
        ))}
        <Classifier row={rows[blocks.value.length]} />
      </ol>
      <div class="row">
        <div class="block-kind">
          <SelectField
            label={<span class="visually-hidden">Kind of block to add</span>}
            value={kind}
            disabled={locked}
            options={blockKinds.map((one) => ({ value: one, label: blockTable[one].title }))}
            onChange={setKind}
          />
        </div>
        <button type="button" disabled={locked} onClick={add}>
          Add block
        </button>
      </div>
    </>
  );
}

interface BlockRowProps {
  readonly block: Block;
  readonly index: number;
  readonly row: NetworkRow | undefined;
  readonly isOpen: boolean;
  readonly isOver: boolean;
  readonly locked: boolean;
  readonly onToggle: () => void;
  readonly onDrag: (index: number | null) => void;
  readonly onOver: (index: number) => void;
  readonly onDrop: () => void;
}

function BlockRow(props: BlockRowProps) {
  const { block, index, row, isOpen, isOver, locked, onToggle, onDrag, onOver, onDrop } = props;
  const { title, purpose } = blockTable[block.kind];
  const problem = row?.problem ?? null;
  const steps: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };
  return (
    <li
      class={`block${problem === null ? "" : " wrong"}${isOpen ? " open" : ""}${isOver ? " over" : ""}`}
      draggable={!locked && !isOpen}
      onDragStart={(event) => {
        // Firefox drags only what has data.
        event.dataTransfer?.setData("text/plain", title);
        onDrag(index);
      }}
      onDragOver={(event) => {
        event.preventDefault();
        event.stopPropagation();
        onOver(index);
      }}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        onDrop();
      }}
      onDragEnd={() => onDrag(null)}
    >
      <button
        type="button"
        class="block-name"
        aria-expanded={isOpen}
        title={locked ? purpose : `${purpose} Alt with an arrow key moves it, Delete removes it.`}
        onClick={onToggle}
        onKeyDown={(event) => {
          const step = event.altKey ? steps[event.key] : undefined;
          if (locked || (step === undefined && event.key !== "Delete")) return;
          event.preventDefault();
          if (step === undefined) remove(block.id, event.currentTarget.closest("ol"));
          else move(index, index + step);
        }}
      >
        {title} <span class="block-brief">{briefOf(block)}</span>
      </button>
      <RowFigures row={row} />
      {isOpen ? <BlockOptionsForm block={block} index={index} locked={locked} /> : null}
    </li>
  );
}

/** What a layer makes, how many parameters it has, and why it does not fit. */
function RowFigures({ row }: { readonly row: NetworkRow | undefined }) {
  const { shape: output = null, parameters = 0, problem = null } = row ?? {};
  return (
    <>
      <span class="block-shape numbers">{output === null ? "–" : shape(output)}</span>
      <span class="block-count numbers">{parameters === 0 ? "" : count(parameters)}</span>
      {problem === null ? null : (
        <p class="block-problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

function BlockOptionsForm({
  block,
  index,
  locked,
}: {
  readonly block: Block;
  readonly index: number;
  readonly locked: boolean;
}) {
  const { purpose, fields } = blockTable[block.kind];
  const set = (name: string, value: string | number) =>
    setBlocks(blocks.peek().map((one) => (one.id === block.id ? withOption(one, name, value) : one)));
  const values: Readonly<Record<string, string | number>> = block.options;
  return (
    <div class="block-options">
      <p class="soft train-note">{purpose}</p>
      <div class="train-fields">
        {Object.entries<OptionField>(fields).map(([name, field]) =>
          field.type === "number" ? (
            <NumberField
              key={name}
              label={field.label}
              value={Number(values[name])}
              min={field.min}
              max={field.max}
              step={field.step}
              disabled={locked}
              onChange={(value) => set(name, value)}
            />
          ) : (
            <SelectField
              key={name}
              label={field.label}
              value={String(values[name])}
              disabled={locked}
              options={field.values.map((value) => ({ value, label: value === "linear" ? "none" : value }))}
              onChange={(value) => set(name, value)}
            />
          ),
        )}
      </div>
      <div class="row">
        <button
          type="button"
          class="small"
          disabled={locked || index === 0}
          onClick={() => move(index, index - 1)}
        >
          Move up
        </button>
        <button
          type="button"
          class="small"
          disabled={locked || index === blocks.value.length - 1}
          onClick={() => move(index, index + 1)}
        >
          Move down
        </button>
        <button
          type="button"
          class="small"
          disabled={locked}
          onClick={({ currentTarget }) => remove(block.id, currentTarget.closest("ol"))}
        >
          Remove
        </button>
      </div>
    </div>
  );
}

/** The last layer: a unit for each class, always there. */
function Classifier({ row }: { readonly row: NetworkRow | undefined }) {
  const problem = row?.problem ?? null;
  const classes = dataInfo.value?.classes.length ?? 0;
  return (
    <li class={`block fixed${problem === null ? "" : " wrong"}`}>
      <span class="block-name">
        Classifier <span class="block-brief">dense, {classes} classes</span>
      </span>
      <RowFigures row={row} />
    </li>
  );
}
