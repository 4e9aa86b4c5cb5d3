import { effect, signal } from "@preact/signals";
import { messageOf } from "../../errors.ts";
import { lab } from "../../lab/client.ts";
import type { Deciding, DecidingMethod } from "../../lab/decides.ts";
import type { SourceImage } from "../../lab/images.ts";
import { latest } from "../../latest.ts";
import { greatest } from "../../ui/colour.ts";
import { SelectField } from "../../ui/controls.tsx";
import { MapCanvas } from "../../ui/map-canvas.tsx";
import { Notice } from "../../ui/notice.tsx";
import { InputView } from "./input-view.tsx";
import { numberText } from "./numbers.ts";
import * as state from "./state.ts";

/** What each method shows, in a sentence. */
const methods: { readonly [M in DecidingMethod]: readonly [title: string, shows: string] } = {
  "grad-cam": ["Grad-CAM", "where the last layer with rows and columns speaks for the class"],
  occlusion: ["Occlusion", "by how much the score falls when a patch covers a place"],
  saliency: ["Saliency", "how fast the score changes with each pixel"],
  "smooth-grad": ["SmoothGrad", "the mean of that over copies of the image with noise"],
  "integrated-gradients": ["Integrated gradients", "each pixel's share of the score, with its sign"],
  deconvnet: ["Deconvnet", "the score sent down through the layers, rectified at each"],
  "guided-backprop": ["Guided backpropagation", "the same, through units that were active"],
};

const isMethod = (value: string): value is DecidingMethod => Object.hasOwn(methods, value);

/** `off` until one asks: some methods take a while. */
const method = signal<DecidingMethod | "off">("off");
const answer = signal<Deciding | null>(null);
const failure = signal<string | null>(null);

const ask = latest(
  async (id: string, source: SourceImage, by: DecidingMethod) => {
    const found = await lab.decides.ask(id, source, by);
    if (method.peek() === by) answer.value = found;
    failure.value = null;
  },
  (error) => {
    answer.value = null;
    failure.value = messageOf(error);
  },
);

effect(() => {
  const [of, source, by] = [state.model.value, state.image.source.value, method.value];
  if (of === null || source === null || by === "off") answer.value = null;
  else ask(of.id, source, by);
});

/** Which pixels the likeliest class rests on, by the method that is chosen. */
export function Decides() {
  const image = state.frame.value?.inputs[0];
  const [found, by] = [answer.value, method.value];
  if (image === undefined) return null;
  return (
    <section class="card stack decides" aria-label="What decides">
      <SelectField
        label="What decides"
        value={by}
        options={[
          { value: "off", label: "not asked" },
          ...Object.entries(methods).map(([value, [title]]) => ({ value, label: title })),
        ]}
        onChange={(value) => {
          method.value = isMethod(value) ? value : "off";
        }}
      />
      {by === "off" || found === null ? null : <Answer found={found} image={image} />}
      {failure.value === null ? null : <Notice kind="error">{failure.value}</Notice>}
    </section>
  );
}

function Answer({
  found,
  image,
}: {
  readonly found: Deciding;
  readonly image: Parameters<typeof InputView>[0]["image"];
}) {
  const { values, height, width, isSigned, score, class: index } = found;
  const size = width <= 32 ? 4 * width : 160;
  const name = state.model.value?.classNames?.[index] ?? String(index);
  const [title, shows] = methods[found.method];
  return (
    <>
      <div class="row">
        <InputView image={image} field={null} size={size} label="The image" />
        <MapCanvas
          {...{ values, width, height, size }}
          scale={isSigned ? "diverging" : "sequential"}
          limit={greatest(values)}
          label={`${title} for ${name}`}
        />
      </div>
      <p class="soft">
        <small>
          For <b>{name}</b>, score <span class="numbers">{numberText(score, 4)}</span>: {shows}.
          {isSigned ? " Blue speaks for it, orange against." : ""}
        </small>
      </p>
    </>
  );
}
