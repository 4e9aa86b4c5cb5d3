import { signal } from "@preact/signals";
import { messageOf } from "../../errors.ts";

/** The camera's stream; null when it is off. */
export const stream = signal<MediaStream | null>(null);
export const cameraFailure = signal<string | null>(null);

/** Where frames are taken from: an element of its own, so that it goes on when the panel draws anew. */
const video = document.createElement("video");
video.muted = true;
video.playsInline = true;

/** What went wrong, by the names that browsers give it, and how to go on. */
const reasons: Readonly<Record<string, string>> = {
  NotAllowedError:
    "The camera was refused. Allow it for this page beside the address, or add photos from files.",
  NotFoundError: "There is no camera here. Connect one, or add photos from files.",
  NotReadableError: "The camera is in use by another program. Close it there, or add photos from files.",
};

/** Asks for the camera. @returns whether there is one */
export async function startCamera(): Promise<boolean> {
  if (stream.peek() !== null) return true;
  cameraFailure.value = null;
  try {
    if (navigator.mediaDevices === undefined) {
      throw new Error("A camera needs a page from this machine or over https. Add photos from files.");
    }
    const opened = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 640 }, height: { ideal: 480 } },
    });
    for (const track of opened.getTracks()) track.addEventListener("ended", stopCamera);
    video.srcObject = opened;
    await video.play();
    stream.value = opened;
    return true;
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    cameraFailure.value = reasons[name] ?? messageOf(error);
    return false;
  }
}

export function stopCamera(): void {
  for (const track of stream.peek()?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  stream.value = null;
}

const canvas = document.createElement("canvas");
const context = canvas.getContext("2d", { willReadFrequently: true });

function draw(longest: number): boolean {
  const { videoWidth, videoHeight } = video;
  if (context === null || stream.peek() === null || videoWidth === 0) return false;
  const scale = Math.min(1, longest / Math.max(videoWidth, videoHeight));
  const width = Math.round(videoWidth * scale);
  const height = Math.round(videoHeight * scale);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  context.drawImage(video, 0, 0, width, height);
  return true;
}

/** What the camera sees, as a photo; null when it is off. */
export async function takePhoto(): Promise<Blob | null> {
  if (!draw(640)) return null;
  return await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
}

/** What the camera sees, as pixels; null when it is off. */
export function takeFrame(): ImageData | null {
  if (!draw(320) || context === null) return null;
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
