import type { TaughtReport } from "../../lab/teach.ts";
import { Stats } from "../../ui/controls.tsx";
import { Notice } from "../../ui/notice.tsx";
import { changes, photos } from "./collection.ts";
import { backbone, isReading, report, taughtAt, train, training, trainingFailure } from "./teacher.ts";

/** Below this many photos a share of right ones says little. */
const fewExamples = 10;

/** Trains the last layer, and says how it does on photos that it has not seen. */
export function TrainCard() {
  const progress = training.value;
  const found = report.value;
  const isOld = found !== null && taughtAt.value !== changes.value;
  return (
    <div class="card stack">
      <h2>3 · Learn</h2>
      <div class="row">
        <button
          type="button"
          class="primary"
          disabled={progress !== null || isReading()}
          onClick={() => void train()}
        >
          {found === null ? "Train the last layer" : "Train again"}
        </button>
        <span role="status">
          {progress === null
            ? isReading()
              ? "wait until the net has looked at all photos"
              : isOld
                ? "photos or classes have changed since"
                : ""
            : progress === "starting"
              ? "begins …"
              : `epoch ${progress.epoch + 1}, loss ${progress.loss.toFixed(3)}`}
        </span>
      </div>
      {trainingFailure.value === null ? null : <Notice kind="error">{trainingFailure.value}</Notice>}
      {found === null ? null : <Report of={found} />}
    </div>
  );
}

function Report({ of: found }: { readonly of: TaughtReport }) {
  const { counts, test, epochs, weightDecay, milliseconds } = found;
  return (
    <>
      <Stats
        of={[
          ["accuracy", test === null ? "–" : `${(100 * test.accuracy).toFixed(1)} %`],
          ["held out", counts.test],
          ["trained on", counts.train + counts.validation],
          ["took", `${(milliseconds / 1000).toFixed(1)} s`],
        ]}
      />
      {test === null ? (
        <Notice>
          Too few photos to hold any out: how good the classifier is shows only when you try it. Collect at
          least five a class.
        </Notice>
      ) : test.examples < fewExamples ? (
        <Notice>
          Only {test.examples} photos were held out, so that one more or less that is right makes{" "}
          {Math.round(100 / test.examples)} %. Collect more to know better.
        </Notice>
      ) : null}
      {test === null ? null : <Confusion of={found} confusion={test.confusion} />}
      {test === null || test.mistakes.length === 0 ? null : <Mistakes mistakes={test.mistakes} />}
      <p class="soft">
        {epochs} epochs with weight decay {weightDecay}, on {backbone.value?.features ?? ""} numbers a photo.
      </p>
    </>
  );
}

function Confusion({
  of: { classNames },
  confusion,
}: {
  readonly of: TaughtReport;
  readonly confusion: readonly (readonly number[])[];
}) {
  const most = Math.max(1, ...confusion.flat());
  return (
    <div class="wide">
      <table class="confusion" aria-label="Which class was taken for which">
        <thead>
          <tr>
            <th scope="col">is ↓ taken for →</th>
            {classNames.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {confusion.map((row, index) => (
            <tr key={classNames[index]}>
              <th scope="row">{classNames[index]}</th>
              {row.map((count, column) => (
                <td
                  key={classNames[column]}
                  class={index === column ? "right" : count > 0 ? "wrong" : ""}
                  style={{ "--share": `${Math.round((60 * count) / most)}%` }}
                >
                  {count}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Mistakes({ mistakes }: { readonly mistakes: NonNullable<TaughtReport["test"]>["mistakes"] }) {
  const byId = new Map(photos.value.map((photo) => [photo.id, photo]));
  return (
    <figure>
      <figcaption class="soft">Held out, and taken for another class</figcaption>
      <ul class="thumbnails">
        {mistakes.slice(0, 12).map(({ id, guess }) => {
          const photo = byId.get(id);
          if (photo === undefined || photo.thumbnail === null) return null;
          return (
            <li key={id} title={`${photo.name}: taken for ${guess}`}>
              <img src={photo.thumbnail} alt={photo.name} width="56" height="56" />
              <span class="guess">{guess}</span>
            </li>
          );
        })}
      </ul>
    </figure>
  );
}
