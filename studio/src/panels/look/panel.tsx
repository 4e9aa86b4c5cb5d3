import { models } from "../../lab/client.ts";
import { ClassBars } from "../../ui/class-bars.tsx";
import { Segments } from "../../ui/controls.tsx";
import { ImageSource } from "../../ui/image-source.tsx";
import { ModelPicker } from "../../ui/model-picker.tsx";
import { Notice } from "../../ui/notice.tsx";
import { OpenModel } from "../../ui/open-model.tsx";
import { Panel } from "../../ui/panel.tsx";
import { StarterButton, StarterStatus, UntrainedNet } from "../../ui/starter.tsx";
import { Decides } from "./decides.tsx";
import { Distances } from "./distances.tsx";
import { InputView } from "./input-view.tsx";
import { LayerRow } from "./layer-row.tsx";
import * as state from "./state.ts";
import { UnitCard } from "./unit-card.tsx";
import "./look.css";

/** Draw a digit or take a photo, and see what every layer of a net makes of it. */
export function LookPanel() {
  const model = state.model.value;
  return (
    <Panel id="look">
      <div class="look">
        <div class="stack source">
          <Images />
          <Output />
          <ModelCard />
        </div>
        <div class="stack">
          {state.failure.value === null ? null : <Notice kind="error">{state.failure.value}</Notice>}
          {model === null ? <Welcome /> : <Layers />}
        </div>
        <div class="stack side">
          {state.comparing.value ? <Distances /> : null}
          <Decides />
          <UnitCard />
        </div>
      </div>
    </Panel>
  );
}

function Images() {
  return (
    <section class="card stack" aria-label="Image">
      <ImageSource of={state.image} label="Image from" />
      <label class="check">
        <input
          type="checkbox"
          checked={state.comparing.value}
          onChange={({ currentTarget }) => {
            state.comparing.value = currentTarget.checked;
          }}
        />
        Compare with a second image
      </label>
      {state.comparing.value ? <ImageSource of={state.other} label="Second image from" /> : null}
    </section>
  );
}

function ModelCard() {
  const model = state.model.value;
  if (model === null) return null;
  return (
    <section class="card stack" aria-label="Model">
      <ModelPicker label="Model" value={model.id} onChange={state.chooseModel} />
      <div class="row">
        <StarterButton nets={["lenet5"]} onDone={({ id }) => state.chooseModel(id)}>
          Train a LeNet
        </StarterButton>
        <OpenModel onOpen={state.chooseModel} />
      </div>
      <UntrainedNet onDone={({ id }) => state.chooseModel(id)} />
      <StarterStatus />
    </section>
  );
}

function Welcome() {
  return (
    <section class="card stack welcome" aria-label="Model">
      <h2>There is no network yet</h2>
      <p>
        Train a small convolutional network on handwritten digits, here in the page: one epoch takes a few
        seconds. Or open a model file, or build a network in <a href="#/train">Train</a>.
      </p>
      <div class="row">
        <StarterButton primary nets={["lenet5"]} onDone={({ id }) => state.chooseModel(id)}>
          Train a LeNet
        </StarterButton>
        <OpenModel onOpen={state.chooseModel} />
      </div>
      <StarterStatus />
    </section>
  );
}

function Output() {
  const look = state.frame.value;
  const { probabilities = null, inputs = [] } = look ?? {};
  if (probabilities === null || models.value.length === 0) return null;
  return (
    <section class="card stack" aria-label="Output">
      {probabilities.map((row, index) => (
        <div key={index} class="stack output">
          {probabilities.length === 1 ? null : <h3>{index === 0 ? "First image" : "Second image"}</h3>}
          <ClassBars
            probabilities={row}
            classNames={state.model.value?.classNames ?? null}
            label={inputs[index]?.label ?? null}
          />
        </div>
      ))}
    </section>
  );
}

function Layers() {
  const look = state.frame.value;
  const place = state.unit.value;
  return (
    <section class="card layers" aria-label="Layers">
      <section class="layer" aria-label="Input">
        <header>
          <h3>input</h3>
          <span class="soft">the image as the network takes it</span>
          {look === null ? null : (
            <span class="soft numbers shape">
              {look.inputs[0].height} × {look.inputs[0].width} × {look.inputs[0].channels}
            </span>
          )}
        </header>
        <div class="row inputs">
          {look?.inputs.map((image, index) => (
            <figure key={index} class="input">
              <InputView
                image={image}
                field={place?.field ?? null}
                size={image.width <= 32 ? 4 * image.width : 160}
                label={look.inputs.length === 1 ? "The image" : `Image ${index + 1}`}
              />
              {image.notes.length === 0 ? null : (
                <figcaption class="soft">{image.notes.join("; ")}</figcaption>
              )}
            </figure>
          ))}
          {look?.inputs.length === 2 ? (
            <Segments
              label="Show"
              value={state.comparison.value}
              options={[
                { value: "both", label: "Side by side" },
                { value: "difference", label: "Difference" },
              ]}
              onChange={(value) => {
                state.comparison.value = value;
              }}
            />
          ) : null}
        </div>
      </section>
      {state.layers.value.map((layer) => (
        <LayerRow key={layer.name} layer={layer} />
      ))}
    </section>
  );
}
