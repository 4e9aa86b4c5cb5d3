import { data, type ImageDataset } from "fovea";

/** A data set that this site serves: an entry of `data/index.json`. */
export interface ServedDataset {
  /** Also its folder below `data/`. */
  readonly name: string;
  /** For people: "MNIST, handwritten digits". */
  readonly title: string;
  /** What its four files are called; the usual names where it does not say. */
  readonly files?: data.IdxNames;
}

/** A data set to train on and one to test with. */
export interface LoadedData {
  readonly train: ImageDataset<"uint8">;
  readonly test: ImageDataset<"uint8">;
}

const loads: Readonly<Record<string, (options: ServedFolder) => Promise<LoadedData>>> = {
  mnist: data.loadMnist,
  "fashion-mnist": data.loadFashionMnist,
};

/** Where a data set is, and what its files are called: names that are tried in vain are errors in the console. */
interface ServedFolder {
  readonly folder: string;
  readonly files?: data.IdxNames;
}

/** `data/` beside the page; the page tells where it is, as the worker's own address is that of a script. */
let root: string | null = null;
let index: Promise<SiteIndex> | null = null;
const loaded = new Map<string, Promise<LoadedData>>();

/** What `data/index.json` tells of a site. */
interface SiteIndex {
  readonly datasets: readonly ServedDataset[];
  /** Whether it is `fovea studio`, which knows the runs of the command line. */
  readonly followsRuns?: boolean;
}

async function readIndex(): Promise<SiteIndex> {
  if (root === null) throw new Error("the lab does not know its page's address");
  const response = await fetch(new URL("index.json", root));
  return response.ok ? await response.json() : { datasets: [] };
}

async function read(name: string): Promise<LoadedData> {
  index ??= readIndex();
  const files = (await index).datasets.find((entry) => entry.name === name)?.files;
  const folder = new URL(name, root ?? undefined).href;
  if (!Object.hasOwn(loads, name)) return await data.loadIdxFolder(folder, files);
  return await loads[name]({ folder, ...(files === undefined ? {} : { files }) });
}

/** A data set by name, read once. */
export function datasetOf(name: string): Promise<LoadedData> {
  const running = loaded.get(name) ?? read(name);
  loaded.set(name, running);
  running.catch(() => loaded.delete(name));
  return running;
}

/** The lab's side of data sets. */
export const datasets = {
  /** @param base - the page's address */
  start(base: string): void {
    root = new URL("data/", base).href;
  },

  /** Whether this site knows the runs of the command line. */
  async followsRuns(): Promise<boolean> {
    index ??= readIndex();
    return (await index).followsRuns === true;
  },

  /** What this site serves; nothing where it serves no data. */
  async served(): Promise<readonly ServedDataset[]> {
    index ??= readIndex();
    return (await index).datasets;
  },
};
