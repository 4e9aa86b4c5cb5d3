import "./class-bars.css";

interface ClassBarsProps {
  /** From 0 to 1, one for each class. */
  readonly probabilities: readonly number[];
  /** Numbers where the model has no names. */
  readonly classNames: readonly string[] | null;
  /** Index of the true class, if it is known: it is marked. */
  readonly label?: number | null;
  /** With more classes than this, the likeliest so many, the likeliest first; default 10. */
  readonly most?: number;
}

/** A probability as people read it; one that is not 0 does not look like it. */
export function percent(probability: number): string {
  if (probability > 0 && probability < 0.0005) return "< 0.1 %";
  return `${(100 * probability).toFixed(1)} %`;
}

/** The output of a classifier: a bar for each class. */
export function ClassBars({ probabilities, classNames, label = null, most = 10 }: ClassBarsProps) {
  const all = probabilities.map((probability, index) => ({ index, probability }));
  const shown =
    all.length <= most ? all : [...all].sort((a, b) => b.probability - a.probability).slice(0, most);
  const best = all.reduce((top, one) => (one.probability > top.probability ? one : top), {
    index: -1,
    probability: Number.NEGATIVE_INFINITY,
  });
  return (
    <ol class="class-bars" aria-label="Probabilities of the classes">
      {shown.map(({ index, probability }) => (
        <li
          key={index}
          class={index === best.index ? "best" : undefined}
          aria-current={index === best.index ? "true" : undefined}
        >
          <span class="name">
            {classNames?.[index] ?? index}
            {index === label ? <span title="the true class"> ✓</span> : null}
          </span>
          <span class="track">
            <span class="fill" style={{ width: `${100 * probability}%` }} />
          </span>
          <span class="numbers">{percent(probability)}</span>
        </li>
      ))}
    </ol>
  );
}
