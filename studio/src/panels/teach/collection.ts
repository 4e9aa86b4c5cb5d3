import { computed, signal } from "@preact/signals";
import { messageOf } from "../../errors.ts";
import { lab } from "../../lab/client.ts";

/** A photo that was collected, from the camera or a file. */
export interface CollectedPhoto {
  readonly id: string;
  readonly name: string;
  readonly file: Blob;
  /** Address of a small picture; null while there is none. */
  readonly thumbnail: string | null;
  /** Why it cannot be read; null as long as nothing is known against it. */
  readonly problem: string | null;
}

/** A class and what was collected for it. */
export interface CollectedClass {
  readonly id: string;
  readonly name: string;
  readonly photos: readonly CollectedPhoto[];
}

/** A file for a class. */
export interface NewPhoto {
  readonly name: string;
  readonly file: Blob;
}

let count = 0;
const nextId = () => `${++count}`;

const emptyClass = (name: string): CollectedClass => ({ id: nextId(), name, photos: [] });

/** What was collected. It lives as long as the page, so that nothing is lost when the panel is left. */
export const classes = signal<readonly CollectedClass[]>([emptyClass("Class 1"), emptyClass("Class 2")]);
/** The photos whose features the chosen backbone has worked out. */
export const read = signal<ReadonlySet<string>>(new Set());
/** What went wrong with reading. */
export const readFailure = signal<string | null>(null);
/** Counts up with each change of what training learns from. */
export const changes = signal(0);

export const photos = computed(() => classes.value.flatMap((one) => one.photos));
export const unreadable = computed(() => photos.value.filter(({ problem }) => problem !== null));
/** Photos that wait for their features. */
export const waiting = computed(() =>
  photos.value.filter(({ id, problem }) => problem === null && !read.value.has(id)),
);

function change(id: string, made: (one: CollectedClass) => CollectedClass): void {
  classes.value = classes.peek().map((one) => (one.id === id ? made(one) : one));
  changes.value++;
}

export function addClass(): void {
  const names = new Set(classes.peek().map(({ name }) => name));
  let number = classes.peek().length + 1;
  while (names.has(`Class ${number}`)) number++;
  classes.value = [...classes.peek(), emptyClass(`Class ${number}`)];
}

export function renameClass(id: string, name: string): void {
  change(id, (one) => ({ ...one, name }));
}

export function removeClass(id: string): void {
  const gone = classes.peek().find((one) => one.id === id);
  classes.value = classes.peek().filter((one) => one.id !== id);
  changes.value++;
  forget(gone?.photos ?? []);
}

export function removePhotos(ids: readonly string[]): void {
  const gone = photos.peek().filter(({ id }) => ids.includes(id));
  classes.value = classes.peek().map((one) => ({
    ...one,
    photos: one.photos.filter(({ id }) => !ids.includes(id)),
  }));
  changes.value++;
  forget(gone);
}

function forget(gone: readonly CollectedPhoto[]): void {
  for (const { thumbnail } of gone) if (thumbnail !== null) URL.revokeObjectURL(thumbnail);
  void lab.teach.forget(gone.map(({ id }) => id));
}

/** Adds photos to a class. Their small pictures and features come when the lab has made them. */
export function addPhotos(classId: string, added: readonly NewPhoto[]): void {
  const fresh = added.map<CollectedPhoto>((photo) => ({
    ...photo,
    id: nextId(),
    thumbnail: null,
    problem: null,
  }));
  change(classId, (one) => ({ ...one, photos: [...one.photos, ...fresh] }));
  void addThumbnails(fresh);
  void readWaiting();
}

/** Adds photos of several classes by name; classes that nobody has used yet make room. */
export function addGroups(groups: ReadonlyMap<string, readonly NewPhoto[]>): void {
  const used = classes.peek().filter((one) => one.photos.length > 0 || !/^Class \d+$/.test(one.name));
  const known = new Set(used.map(({ name }) => name));
  const fresh = [...groups.keys()].filter((name) => !known.has(name)).map(emptyClass);
  classes.value = [...used, ...fresh];
  for (const [name, added] of groups) {
    const into = classes.peek().find((one) => one.name === name);
    if (into !== undefined) addPhotos(into.id, added);
  }
}

const atOnce = 16;

async function addThumbnails(fresh: readonly CollectedPhoto[]): Promise<void> {
  for (let from = 0; from < fresh.length; from += atOnce) {
    const some = fresh.slice(from, from + atOnce);
    const blobs = await lab.teach.thumbnails(some.map(({ file }) => file)).catch(() => []);
    update(
      new Map(
        some.flatMap(({ id }, index) => {
          const blob = blobs[index] ?? null;
          return blob === null ? [] : [[id, { thumbnail: URL.createObjectURL(blob) }]];
        }),
      ),
    );
  }
}

function update(changed: ReadonlyMap<string, Partial<CollectedPhoto>>): void {
  classes.value = classes.peek().map((one) => ({
    ...one,
    photos: one.photos.map((photo) => ({ ...photo, ...changed.get(photo.id) })),
  }));
}

let backbone: string | null = null;
let reading = false;

/** From now on features are those of this backbone; photos that it has not seen are read. */
export function readWith(id: string): void {
  backbone = id;
  read.value = new Set();
  void readWaiting();
}

/** Reads what waits, some photos at a time, so that the camera's picture is looked at between. */
async function readWaiting(): Promise<void> {
  if (reading) return;
  reading = true;
  readFailure.value = null;
  try {
    while (backbone !== null && waiting.peek().length > 0) {
      const used = backbone;
      const some = waiting.peek().slice(0, atOnce);
      const results = await lab.teach.read(
        used,
        some.map(({ id, name, file }) => ({ id, name, file })),
      );
      const problems = results.filter(({ problem }) => problem !== null);
      if (problems.length > 0) update(new Map(problems.map(({ id, problem }) => [id, { problem }])));
      // Another backbone may have been chosen meanwhile.
      if (used === backbone) read.value = new Set([...read.peek(), ...results.map(({ id }) => id)]);
    }
  } catch (error) {
    readFailure.value = messageOf(error);
  } finally {
    reading = false;
  }
}
