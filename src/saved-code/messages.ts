/** What is kept of a run for others, where it is kept, and what the machine and the compile worker say to each other about it. */
import type { RegionSource } from '../compile/region-source.ts';

/** A region that a run has compiled. */
export interface SavedRegion {
  readonly source: RegionSource;
  /** RegionSource.savedAt. */
  readonly linearPage: number;
  /** Bytes of each block in its page. */
  readonly code: readonly Uint8Array[];
}

/** Where packs are kept. What cannot be read is not there. */
export interface CodeStore {
  read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** What was there goes, and what has not been used for longest where there is too much. @throws where it cannot be written. */
  write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** Where a machine's packs are. */
export interface PackPlace {
  /** What the host knows the store by. */
  readonly store: string;
  readonly key: string;
}

/** Has what is kept read and compiled, for a LoadRequest that is to come. There is no answer. */
export interface PrepareRequest {
  readonly kind: 'prepare';
  readonly place: PackPlace;
}

/** Asks for what is kept: answered by a SavedPack and SavedModules. */
export interface LoadRequest {
  readonly kind: 'load';
  /** Of the answers, too. */
  readonly id: number;
  readonly place: PackPlace;
}

/** What a run has compiled, to be kept with what is there: answered by Saved. */
export interface SaveRequest {
  readonly kind: 'save';
  readonly place: PackPlace;
  readonly regions: readonly SavedRegion[];
  /** checksumOf() the pack that was loaded, and of its regions 1 for each that the run has used. */
  readonly loaded: number | undefined;
  readonly used: Uint8Array;
  /** See code-cache/saved-shapes.ts. */
  readonly shapes: Uint8Array<ArrayBuffer>;
}

export interface SavedPack {
  readonly kind: 'pack';
  readonly id: number;
  /** See pack.ts. Undefined: there is none, and no module will come. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
}

export interface SavedModule {
  readonly kind: 'module';
  readonly id: number;
  readonly index: number;
  readonly module: WebAssembly.Module;
}

export interface Saved {
  readonly kind: 'saved';
}

export type ArchiveRequest = PrepareRequest | LoadRequest | SaveRequest;
export type LoadResult = SavedPack | SavedModule;
export type ArchiveResult = LoadResult | Saved;
