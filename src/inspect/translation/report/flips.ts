import type { DecodedImage } from "#host";
import { type Content, html, imageAddress } from "../../../drawing/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import type { FlippedImage } from "../flips.ts";
import { copyWithMargin, cutMoved, withMarginShape } from "../margin.ts";
import { type MovedModel, moveInWords, shareText } from "./content.ts";

/** An image that a small move flips, as it is and moved. */
export interface FlipPictures {
  readonly flip: FlippedImage;
  readonly before: DecodedImage;
  readonly after: DecodedImage;
}

/** The pictures of a model's examples. */
export function flipPictures({ map, images }: MovedModel): FlipPictures[] {
  const [, ...shape] = images.shape;
  const [height = 1, width = 1, depth = 1] = shape;
  const channels = depth === 3 ? 3 : 1;
  const size = sizeOf(shape);
  return map.flips.map((flip, index) => {
    const pixels = images.data.slice(index * size, (index + 1) * size);
    const margin = Math.max(Math.abs(flip.dx), Math.abs(flip.dy));
    const wide = new Uint8Array(sizeOf(withMarginShape(shape, margin)));
    copyWithMargin(pixels, 1, shape, { margin, background: map.background }, wide);
    const moved = new Uint8Array(size);
    cutMoved(wide, shape, margin, flip, moved);
    const picture = (bytes: Uint8Array): DecodedImage => ({ width, height, channels, pixels: bytes });
    return { flip, before: picture(pixels), after: picture(moved) };
  });
}

/** A model's examples side by side: before, after, what was said. */
export async function flipCards(model: MovedModel): Promise<Content> {
  const pictures = flipPictures(model);
  const { classNames, map } = model;
  if (pictures.length === 0) {
    return html`<p>No move by up to ${map.maxShift} px flips an image that the model has right.</p>`;
  }
  const nameOf = (index: number) => classNames?.[index] ?? String(index);
  const cards = await Promise.all(
    pictures.map(async ({ flip, before, after }) => {
      const [address, moved] = await Promise.all([imageAddress(before, "png"), imageAddress(after, "png")]);
      const { label, predicted } = flip;
      const said = (index: number, of: readonly number[]) => `${nameOf(index)}, ${shareText(of[index] ?? 0)}`;
      return html`<li class="card flip"><div><figure><img src="${address}" alt="${nameOf(label)} as it is"><figcaption>${said(label, flip.before)}</figcaption></figure>
<figure><img src="${moved}" alt="the same, moved ${moveInWords(flip)}"><figcaption class="missed">${said(predicted, flip.after)}</figcaption></figure></div>
<p>${moveInWords(flip)}</p></li>`;
    }),
  );
  return html`<ul class="flips">${cards}</ul>`;
}

/** The unmoved image is often the darkest or the brightest of all. */
export const markStyle = ".moves .mark { stroke: var(--line1); stroke-width: 2.5; }\n";

/** Style of pages with such cards. */
export const flipStyle = `
.flips { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(196px, 1fr)); gap: 12px; padding: 0; margin: 10px 0 0; }
.flip > div { display: flex; gap: 12px; } .flip figure { margin: 0; flex: 1; }
.flip img { display: block; width: 100%; image-rendering: pixelated; border-radius: 4px; }
.flip figcaption { font-size: .86rem; margin-top: 4px; font-variant-numeric: tabular-nums; }
.flip .missed { color: var(--wrong); }
.flip p { margin: 6px 0 0; font-size: .86rem; color: var(--soft); }
.maps { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); gap: 16px; }
.three { max-width: none; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); }
.three h3 { margin-top: 0; }
.nets th[scope=row] { min-width: 8em; overflow-wrap: normal; } .nets td.name { min-width: 15em; }
.wide + p { margin-top: 10px; }
.wide + .wide { margin-top: 26px; }
.maps h3 { margin: 0 0 6px; }
`;
