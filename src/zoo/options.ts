import {
  booleanField,
  checkOptions,
  type Fields,
  nullable,
  numberField,
  type Resolved,
  shapeField,
  wholeNumberField,
} from "../options/index.ts";
import { formatShape, type Shape, ShapeError } from "../tensor/index.ts";

/** Options of every model of the zoo. */
export interface ZooOptions {
  /** Number of classes; default 10, or ImageNet's 1000 for nets that are known from there. */
  readonly classes?: number;
  /** Shape of an image, [height, width, channels]; default [28, 28, 1], or [224, 224, 3] for ImageNet's nets. */
  readonly inputShape?: Shape;
}

/** Options of the nets that drop values between their dense layers: VGG, AlexNet and ZFNet, and of nets that have more. */
export interface ZooDropoutOptions extends ZooOptions {
  /** Probability of a value to be dropped, in [0, 1); default 0.5. */
  readonly dropout?: number;
}

/** Options of the MobileNets. */
export interface ZooWidthOptions extends ZooDropoutOptions {
  /** Factor for the number of filters of every layer, above 0; default 1, or what the name says. */
  readonly width?: number;
}

/** Options of GoogLeNet in both forms. */
export interface ZooHeadsOptions extends ZooDropoutOptions {
  /** Whether there are heads that train with the net; default true. */
  readonly auxiliaries?: boolean;
  /** Probability of a value of a head to be dropped, in [0, 1); default 0.7. */
  readonly auxiliaryDropout?: number;
}

/** Options of GoogLeNet in torchvision's form. */
export interface ZooTransformOptions extends ZooHeadsOptions {
  /**
   * Whether images are brought from ImageNet's means and deviations to [-1, 1] first, as torchvision's weights need it;
   * default `null`: exactly if they have 3 channels.
   */
  readonly transformInput?: boolean | null;
}

/** What a family of nets was made for. */
export interface ZooDefaults {
  readonly classes: number;
  readonly inputShape: Shape;
}

/** MNIST's digits. */
const digits: ZooDefaults = { classes: 10, inputShape: [28, 28, 1] };
/** ImageNet's thousand classes, at the usual size. */
export const imageNet: ZooDefaults = { classes: 1000, inputShape: [224, 224, 3] };

function fieldsOf({ classes, inputShape }: ZooDefaults): Fields<ZooOptions> {
  return {
    classes: wholeNumberField(2, classes),
    inputShape: { ...shapeField, fallback: inputShape },
  };
}

const placeOf = (name: string) => `models.create("${name}")`;

/**
 * @param name - the model's name, for errors
 * @throws OptionError for an unknown or wrong option
 */
export function zooOptions(
  name: string,
  options: ZooOptions,
  defaults: ZooDefaults = digits,
): Resolved<ZooOptions> {
  return checkOptions(placeOf(name), options, fieldsOf(defaults));
}

/** {@link zooOptions} with a dropout rate. @param rate - the default */
export function zooDropoutOptions(
  name: string,
  options: ZooDropoutOptions,
  defaults: ZooDefaults,
  rate = 0.5,
): Resolved<ZooDropoutOptions> {
  const fields = { ...fieldsOf(defaults), dropout: dropoutField(rate) };
  return checkOptions<ZooDropoutOptions>(placeOf(name), options, fields);
}

/** {@link zooDropoutOptions} of an ImageNet net with a width. */
export function zooWidthOptions(
  name: string,
  options: ZooWidthOptions,
  defaults: { readonly width: number; readonly dropout: number },
): Resolved<ZooWidthOptions> {
  const fields = {
    ...fieldsOf(imageNet),
    dropout: dropoutField(defaults.dropout),
    width: numberField({ above: 0, maximum: largestWidth }, defaults.width),
  };
  return checkOptions<ZooWidthOptions>(placeOf(name), options, fields);
}

const headsFields = (rate: number): Fields<ZooHeadsOptions> => ({
  ...fieldsOf(imageNet),
  dropout: dropoutField(rate),
  auxiliaries: booleanField(true),
  auxiliaryDropout: dropoutField(0.7),
});

/** {@link zooDropoutOptions} of an ImageNet net with heads. @param rate - the default of the dropout rate */
export function zooHeadsOptions(
  name: string,
  options: ZooHeadsOptions,
  rate: number,
): Resolved<ZooHeadsOptions> {
  return checkOptions<ZooHeadsOptions>(placeOf(name), options, headsFields(rate));
}

/** {@link zooHeadsOptions} with a transformation of images. */
export function zooTransformOptions(
  name: string,
  options: ZooTransformOptions,
  rate: number,
): Resolved<ZooTransformOptions> {
  const fields = { ...headsFields(rate), transformInput: nullable(booleanField(false)) };
  return checkOptions<ZooTransformOptions>(placeOf(name), options, fields);
}

const dropoutField = (rate: number) => numberField({ minimum: 0, below: 1 }, rate);

/** More than any published net has; a slip of the keyboard would ask for gigabytes. */
const largestWidth = 16;

/**
 * Says at once what would otherwise show as a window that does not fit, somewhere deep in the net.
 *
 * @param smallest - the least height and width, in pixels
 * @throws ShapeError for a smaller image
 */
export function checkImageSize(name: string, inputShape: Shape, smallest: number): void {
  const [height = 0, width = 0] = inputShape;
  if (inputShape.length !== 3 || (height >= smallest && width >= smallest)) return;
  throw new ShapeError(
    `images must be at least ${smallest} x ${smallest} pixels, got ${formatShape(inputShape)}`,
    {
      where: placeOf(name),
      hint: "The net halves them until nothing is left. Enlarge the images, or use a net for small ones: lenet5, convnet, resnet18.",
    },
  );
}
