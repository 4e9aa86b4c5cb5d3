import type { AttributionMethod } from "../../inspect/index.ts";

/** How a method's map is painted: over the photo or alone, with a sign or without, or as the image that it is. */
export type Look = "heat" | "signed-heat" | "map" | "signed-map" | "projection";

/** What a person needs to know to read a method's pictures. */
export interface MethodText {
  readonly title: string;
  readonly look: Look;
  /** What the pictures show. */
  readonly shows: string;
  /** What is known to mislead. */
  readonly weakness: string;
  readonly source: string;
}

/** All methods, in the order in which they are shown. */
export const methodTexts: { readonly [M in AttributionMethod]: MethodText } = {
  "grad-cam": {
    title: "Grad-CAM",
    look: "heat",
    shows:
      "Where the last layer that still has rows and columns speaks for the class: each of its maps counts as much as the score rises with it.",
    weakness: "It is as coarse as that layer, and leaves out what speaks against the class.",
    source: "Selvaraju et al. 2017",
  },
  occlusion: {
    title: "Occlusion",
    look: "signed-heat",
    shows:
      "By how much the score falls when a patch covers a place. Where it rises, what was there spoke against the class.",
    weakness:
      "A covered photo is unlike all that the model has learned from, and two places that can stand in for each other both seem to count little. Size and colour of the patch matter.",
    source: "Zeiler and Fergus 2014",
  },
  saliency: {
    title: "Saliency",
    look: "map",
    shows: "How fast the score changes with each pixel, whichever way: the absolute value of its gradient.",
    weakness:
      "It is noisy, and small where the model is so sure that a little more of the same changes nothing.",
    source: "Simonyan et al. 2013",
  },
  "smooth-grad": {
    title: "SmoothGrad",
    look: "map",
    shows:
      "The mean of that gradient over copies of the photo with noise: what is chance in a single gradient cancels out.",
    weakness:
      "How much noise is right has to be tried, and what is sharp about the model's answer gets lost with it.",
    source: "Smilkov et al. 2017",
  },
  "integrated-gradients": {
    title: "Integrated gradients",
    look: "signed-map",
    shows:
      "Each pixel's share of the difference between the photo's score and that of a plain image. All shares add up to it, and each has a sign.",
    weakness:
      "Pixels that are like the plain image count nothing, whatever they show: on black, what is black.",
    source: "Sundararajan et al. 2017",
  },
  deconvnet: {
    title: "Deconvnet",
    look: "projection",
    shows:
      "What in the photo leads to the score: it is sent down through the layers, and only what is positive goes on at each.",
    weakness:
      "It depends little on the class: it draws edges that some unit has seen, whichever class they speak for.",
    source: "Zeiler and Fergus 2014",
  },
  "guided-backprop": {
    title: "Guided backpropagation",
    look: "projection",
    shows: "The same, but only through units that were active: the sharpest pictures.",
    weakness:
      "They look alike for all classes, and nearly alike for a model with random weights: take them as a drawing, not as a reason.",
    source: "Springenberg et al. 2015; Adebayo et al. 2018",
  },
};
