import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { lab, models } from "../../lab/client.ts";
import { SelectField } from "../../ui/controls.tsx";
import { FileButton } from "../../ui/file-button.tsx";
import { ModelPicker } from "../../ui/model-picker.tsx";
import { Notice } from "../../ui/notice.tsx";
import { photos, readFailure, waiting } from "./collection.ts";
import { DropZone } from "./drop-zone.tsx";
import {
  backbone,
  backboneFailure,
  backboneWork,
  chooseBackbone,
  filesWithoutNetwork,
  openBackbone,
  trainBackbone,
} from "./teacher.ts";

/** The net that looks at photos: one of the lab's, or from files. */
export function BackboneCard() {
  const info = backbone.value;
  const work = backboneWork.value;
  const isBusy = work !== null;
  return (
    <DropZone class="card stack" label="The net that looks" onFiles={(files) => openBackbone(files)}>
      <h2>2 · The net that looks</h2>
      <p class="soft">
        A trained net, cut before its last layer: what it makes of a photo is all that the new layer learns
        from.
      </p>
      {models.value.length === 0 && !isBusy ? (
        <button type="button" class="primary" onClick={trainBackbone}>
          Train a small net on digits
        </button>
      ) : (
        <ModelPicker label="Net" value={info?.id ?? null} onChange={chooseBackbone} />
      )}
      <div class="row">
        <FileButton label="Open files of a net" disabled={isBusy} onFiles={(files) => openBackbone(files)}>
          Open files …
        </FileButton>
        <FileButton
          label="Open a folder of a net"
          folder
          disabled={isBusy}
          onFiles={(files) => openBackbone(files)}
        >
          Open a folder …
        </FileButton>
        <span class="soft hint">safetensors, ONNX, PyTorch, Keras, TensorFlow.js</span>
      </div>
      {filesWithoutNetwork.value === null ? null : <NetworkChoice />}
      {work === null ? null : <p role="status">{work}</p>}
      {backboneFailure.value === null ? null : <Notice kind="error">{backboneFailure.value}</Notice>}
      {info === null ? null : (
        <p class="soft">
          <strong>{info.name}</strong> up to <span class="numbers">{info.tap}</span>:{" "}
          {info.inputShape.slice(0, 2).join(" × ")} {info.inputShape[2] === 1 ? "gray" : "colour"} pixels
          become <span class="numbers">{info.features}</span> numbers.
        </p>
      )}
      <Reading />
      {readFailure.value === null ? null : <Notice kind="error">{readFailure.value}</Notice>}
    </DropZone>
  );
}

/** How many photos the net has seen. */
function Reading() {
  const left = waiting.value.length;
  if (backbone.value === null || left === 0) return null;
  const all = photos.value.filter(({ problem }) => problem === null).length;
  return (
    <div role="status">
      <label class="soft">
        The net has looked at {all - left} of {all} photos
        <progress max={all} value={all - left} />
      </label>
    </div>
  );
}

/** Files of weights alone do not always say whose they are. */
function NetworkChoice() {
  const names = useSignal<readonly string[]>([]);
  const chosen = useSignal("");
  useEffect(() => {
    void lab.teach.networks().then((all) => {
      names.value = all;
    });
  }, []);
  const files = filesWithoutNetwork.value ?? [];
  return (
    <SelectField
      label="Whose weights are they?"
      value={chosen.value}
      options={[{ value: "", label: "choose …" }, ...names.value.map((value) => ({ value, label: value }))]}
      onChange={(network) => {
        chosen.value = network;
        if (network !== "") openBackbone(files, network);
      }}
    />
  );
}
