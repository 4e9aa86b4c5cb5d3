import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { messageOf } from "../../errors.ts";
import { lab } from "../../lab/client.ts";
import type { ModelFormat } from "../../lab/model-file.ts";
import { download } from "../../ui/download.ts";
import { FileButton } from "../../ui/file-button.tsx";
import type { NamedFile } from "../../ui/files.ts";
import { Notice } from "../../ui/notice.tsx";
import { cameraFailure, startCamera, stopCamera, stream } from "./camera.ts";
import { DropZone } from "./drop-zone.tsx";
import { classifyPhoto, rate, report, seen, seenFailure, watch } from "./teacher.ts";

/** Address of the photo that was tried last; it stays when the panel is left. */
const photo = signal<string | null>(null);

/** The camera, what the classifier makes of it or of a photo, and ways to take the classifier along. */
export function TryCard() {
  const look = ([first]: readonly NamedFile[]) => {
    if (first === undefined || report.peek() === null) return;
    stopCamera();
    void classifyPhoto(first.file).then((isReadable) => {
      if (photo.peek() !== null) URL.revokeObjectURL(photo.peek() ?? "");
      photo.value = isReadable ? URL.createObjectURL(first.file) : null;
    });
  };
  const isOn = stream.value !== null;
  return (
    <DropZone class="card stack try-card" label="Try it" onFiles={look}>
      <h2>4 · Try it</h2>
      <div class="row">
        <button
          type="button"
          onClick={() => {
            if (isOn) stopCamera();
            else void startCamera().then(() => watch());
          }}
        >
          {isOn ? "Stop the camera" : "Start the camera"}
        </button>
        <FileButton
          label="Try a photo"
          accept="image/*"
          single
          disabled={report.value === null}
          onFiles={look}
        >
          Try a photo …
        </FileButton>
      </div>
      {cameraFailure.value === null ? null : (
        <Notice
          kind="error"
          onDismiss={() => {
            cameraFailure.value = null;
          }}
        >
          {cameraFailure.value}
        </Notice>
      )}
      {isOn ? (
        <Preview />
      ) : photo.value === null ? null : (
        <img class="preview" src={photo.value} alt="tried" />
      )}
      {seenFailure.value === null ? null : <Notice kind="error">{seenFailure.value}</Notice>}
      {report.value === null ? (
        <p class="soft">When a layer has been trained, what it makes of the camera's picture shows here.</p>
      ) : (
        <Bars />
      )}
      {report.value === null ? null : <Export />}
    </DropZone>
  );
}

/** What the camera sees; small beside the classes, where the card to try it is out of sight. */
export function Preview({ small = false }: { readonly small?: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  const now = stream.value;
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = now;
  }, [now]);
  return (
    <video
      ref={video}
      class={small ? "preview small" : "preview"}
      autoPlay
      muted
      playsInline
      aria-label="What the camera sees"
    />
  );
}

/** A bar for each class. */
function Bars() {
  const names = report.value?.classNames ?? [];
  const probabilities = seen.value;
  const best = probabilities === null ? -1 : probabilities.indexOf(Math.max(...probabilities));
  return (
    <div>
      <dl class="bars">
        {names.map((name, index) => {
          const share = probabilities?.[index] ?? 0;
          return (
            <div key={name} class={index === best ? "best" : ""}>
              <dt>{name}</dt>
              <dd>
                <span class="track">
                  <span class="bar" style={{ transform: `scaleX(${share.toFixed(4)})` }} />
                </span>
                <output class="numbers">
                  {probabilities === null ? "–" : `${(100 * share).toFixed(1)} %`}
                </output>
              </dd>
            </div>
          );
        })}
      </dl>
      {rate.value === null ? null : (
        <p class="soft rate">
          <span class="numbers">{rate.value.toFixed(0)}</span> pictures a second
        </p>
      )}
    </div>
  );
}

function Export() {
  const name = useSignal("classifier");
  const said = useSignal<string | null>(null);
  const failure = useSignal<string | null>(null);
  const attempt = async (work: () => Promise<string>) => {
    failure.value = null;
    try {
      said.value = await work();
    } catch (error) {
      failure.value = messageOf(error);
    }
  };
  const fileName = () =>
    name
      .peek()
      .trim()
      .replaceAll(/[^\w.-]+/g, "-") || "classifier";
  const save = (format: ModelFormat) =>
    attempt(async () => {
      const file = `${fileName()}.${format}`;
      download(await lab.teach.save(format), file);
      return `${file} is saved${format === "safetensors" ? `: fovea predict ${file} photo.jpg` : ""}.`;
    });
  return (
    <div class="stack export">
      <h3>Take it along</h3>
      <div class="row">
        <input
          type="text"
          value={name.value}
          maxLength={60}
          aria-label="Name of the classifier"
          onInput={({ currentTarget }) => {
            name.value = currentTarget.value;
          }}
        />
        <button type="button" onClick={() => void save("safetensors")}>
          Save as safetensors
        </button>
        <button type="button" onClick={() => void save("onnx")}>
          Save as ONNX
        </button>
        <button
          type="button"
          onClick={() =>
            void attempt(async () => {
              const entry = await lab.teach.keep(fileName());
              return `"${entry.name}" is in the lab: Look inside can open it.`;
            })
          }
        >
          Keep in the lab
        </button>
      </div>
      {said.value === null ? null : <p role="status">{said.value}</p>}
      {failure.value === null ? null : <Notice kind="error">{failure.value}</Notice>}
    </div>
  );
}
