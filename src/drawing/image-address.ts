import { type DecodedImage, encodeImage, type ImageFormat } from "#host";
import { FileError } from "../tensor/index.ts";

const quality = 82;

/** The format for photos on a page: JPEG where the host makes it, as it is a tenth of the size. */
export async function photoFormat(): Promise<ImageFormat> {
  try {
    await encodeImage(new Uint8Array(1), { width: 1, height: 1, channels: 1 }, "jpeg");
    return "jpeg";
  } catch (error) {
    if (error instanceof FileError) return "png";
    throw error;
  }
}

/** An image as an address that holds its bytes, so that a page asks nobody for it. */
export async function imageAddress(
  { pixels, ...extent }: DecodedImage,
  format: ImageFormat,
): Promise<string> {
  const file = await encodeImage(pixels, extent, format, { quality });
  return `data:image/${format};base64,${base64(file)}`;
}

/** By pieces: a call takes no more than some ten thousand arguments. */
function base64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let begin = 0; begin < bytes.length; begin += 8192) {
    pieces.push(String.fromCharCode(...bytes.subarray(begin, begin + 8192)));
  }
  return btoa(pieces.join(""));
}
