/** The compile worker's side of what is kept: it reads and writes it, and has the engine compile it. */
import { engineKey } from './engine-key.ts';
import type {
  ArchiveRequest,
  ArchiveResult,
  CodeStore,
  LoadRequest,
  PackPlace,
  SaveRequest,
} from './messages.ts';
import { isPack, viewPack } from './pack.ts';
import { saveRegions } from './save.ts';

export interface ArchiveOptions {
  readonly open: (store: string) => CodeStore;
  /** Tells the user, in one line. */
  readonly warn: (message: string) => void;
  readonly compile: (bytes: Uint8Array) => WebAssembly.Module;
  readonly post: (result: ArchiveResult) => void;
  /** Lets other messages have their turn. */
  readonly yield: () => Promise<void>;
}

/** A pack that has been read, and as many of its modules as have been compiled. */
interface OpenPack {
  readonly place: PackPlace;
  readonly bytes: Promise<Uint8Array<ArrayBuffer> | undefined>;
  readonly modules: WebAssembly.Module[];
}

export class CodeArchive {
  private readonly options: ArchiveOptions;
  /** What the next machine is likely to ask for. */
  private prepared: OpenPack | undefined;

  constructor(options: ArchiveOptions) {
    this.options = options;
  }

  async answer(request: ArchiveRequest): Promise<void> {
    if (request.kind === 'prepare') return await this.prepare(request.place);
    if (request.kind === 'load') return await this.load(request);
    await this.save(request);
    this.options.post({ kind: 'saved' });
  }

  private async prepare(place: PackPlace): Promise<void> {
    const pack = this.openPack(place);
    this.prepared = pack;
    await this.compileModules(pack, () => {});
  }

  private async load({ id, place }: LoadRequest): Promise<void> {
    const { post } = this.options;
    const { prepared } = this;
    this.prepared = undefined;
    const isPrepared = prepared?.place.store === place.store && prepared.place.key === place.key;
    const pack = isPrepared ? prepared : this.openPack(place);
    post({ kind: 'pack', id, bytes: await pack.bytes });
    await this.compileModules(pack, (index, module) => post({ kind: 'module', id, index, module }));
  }

  private openPack(place: PackPlace): OpenPack {
    return { place, bytes: this.read(place), modules: [] };
  }

  private async read(place: PackPlace): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { open, warn } = this.options;
    const key = engineKey(place.key);
    const stored = await open(place.store).read(key);
    if (stored === undefined || isPack(stored, key)) return stored;
    warn(`${key} in the code cache is damaged: it is made anew`);
    return undefined;
  }

  /** Compiles the modules that have not been compiled yet, which may be under way already. */
  private async compileModules(
    pack: OpenPack,
    take: (index: number, module: WebAssembly.Module) => void,
  ): Promise<void> {
    const bytes = await pack.bytes;
    if (bytes === undefined) return;
    const { modules, moduleStarts } = viewPack(bytes);
    for (let index = 0; index < moduleStarts.length - 1; index++) {
      const code = modules.subarray(moduleStarts[index], moduleStarts[index + 1]);
      pack.modules[index] ??= this.options.compile(code);
      take(index, pack.modules[index] as WebAssembly.Module);
      await this.options.yield();
    }
  }

  private async save(request: SaveRequest): Promise<void> {
    try {
      await saveRegions(this.options.open(request.place.store), request);
    } catch (error) {
      this.options.warn(`cannot write to the code cache: ${(error as Error).message}`);
    }
  }
}
