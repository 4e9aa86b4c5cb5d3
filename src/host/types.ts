/** A worker thread of the host, started from source text so that no bundler has to know of it. */
export interface HostWorker {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Called for each message of the worker. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called when the worker fails: a trap, a syntax error, an early exit. */
  onError(listener: (error: Error) => void): void;
  /** Ends the worker at once. */
  terminate(): void;
  /** Whether a running worker keeps the process alive (Node only; no effect in a browser). */
  keepAlive(on: boolean): void;
}

/** What a host knows of the machine; null where it does not. */
export interface HostMachine {
  /** What runs this: `Node 20.20.2`, a browser's name for itself. */
  readonly runtime: string;
  /** What compiles WebAssembly. */
  readonly compiler: string | null;
  /** Operating system and architecture. */
  readonly platform: string | null;
  readonly processor: string | null;
  /** Threads that can run at the same time. */
  readonly processors: number;
  readonly memoryBytes: number | null;
  /** How many threads of all processes ran or waited for a processor, on average in the last minute. */
  readonly load: number | null;
  /** What of the host could be changed to make kernels faster, a sentence each. */
  readonly remedies: readonly string[];
}

/** Something in a folder. */
export interface FolderEntry {
  readonly name: string;
  /** What it is, or what a link leads to: `broken` when to nothing, or to nothing that may be looked at. */
  readonly kind: "file" | "folder" | "other" | "broken";
  /** Of a folder: the same for all paths that lead to it. */
  readonly identity: string | null;
}

/** How the bytes of a file are summed up. */
export type ChecksumAlgorithm = "sha256" | "md5";

/** A place for a file that is fetched: the file once all of it is there, and its beginning until then. */
export interface DownloadSlot {
  /** Where the file is or will be, for people: a path, or an address. */
  readonly place: string;
  /** All bytes of the file; `null` when it is not there yet. @throws FileError when it cannot be read */
  read(): Promise<Uint8Array<ArrayBuffer> | null>;
  /**
   * Takes the place for this caller, to fill it.
   *
   * @returns null when another caller, here or in another process, is about it
   * @throws FileError when nothing can be written there
   */
  begin(algorithm: ChecksumAlgorithm | null): Promise<PartialDownload | null>;
}

/** The beginning of a file, held by one caller. */
export interface PartialDownload {
  /** Bytes that are there. */
  readonly size: number;
  /** The server's mark of the file that they are the beginning of; `null` when there is none. */
  readonly version: string | null;
  /** Begins again, with a file of another version. */
  clear(version: string | null): Promise<void>;
  /** @throws FileError when the disk is full, or cannot be written */
  append(bytes: Uint8Array): Promise<void>;
  /** The checksum of what is there, in hexadecimal; `null` when this host cannot work it out. */
  digest(): Promise<string | null>;
  /** Makes it the file, all at once, and gives its bytes. The place is free then. */
  finish(): Promise<Uint8Array<ArrayBuffer>>;
  /** Gives the place free; what is there stays for who goes on. After `finish` it does nothing. */
  release(): Promise<void>;
}

/** A file that only grows: several processes may put something at its end, and each sees what the others have put there. */
export interface GrowingFile {
  /** Bytes that are there now. */
  size(): Promise<number>;
  /** Fills `bytes` from an offset on. @returns how many bytes there were */
  read(offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Puts bytes at the end, in one piece unless the disk is full. @throws FileError when that fails */
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** By what a change of a file is noticed without reading it. */
export interface FileStamp {
  /** In bytes. */
  readonly size: number;
  /** When its content changed last, in milliseconds since 1970. */
  readonly modified: number;
}
