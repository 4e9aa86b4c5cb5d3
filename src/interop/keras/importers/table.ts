import { activationImporters } from "./activations.ts";
import { convolutionImporters } from "./convolutions.ts";
import { imageImporters } from "./images.ts";
import { type Importer, identityInInference } from "./importer.ts";
import { mergeImporters } from "./merges.ts";
import { normalizationImporters } from "./normalizations.ts";

/** Augmentation and noise. */
const trainingOnly = [
  ...["GaussianNoise", "GaussianDropout", "AlphaDropout"],
  ...[
    "RandomFlip",
    "RandomRotation",
    "RandomZoom",
    "RandomTranslation",
    "RandomContrast",
    "RandomBrightness",
  ],
  ...["RandomHeight", "RandomWidth", "RandomShear", "RandomHue", "RandomSaturation", "RandomColorJitter"],
  ...["RandomPosterization", "RandomGrayscale", "RandomSharpness", "RandomErasing", "RandomInvert"],
];

/** All classes of Keras that are understood, by name. */
export const importers: { readonly [className: string]: Importer } = {
  ...convolutionImporters,
  ...imageImporters,
  ...mergeImporters,
  ...activationImporters,
  ...normalizationImporters,
  ...Object.fromEntries(trainingOnly.map((name) => [name, identityInInference])),
};
