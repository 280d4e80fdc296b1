/** The compile worker's side of what is kept: it reads and writes it, and has the engine compile it. */
import type { ArchiveRequest, ArchiveResult, CodeStore, LoadRequest, SaveRequest } from './messages.ts';
import { encodePack, isPack, viewPack } from './pack.ts';
import { makePack, regionsOf } from './pack-maker.ts';

export interface ArchiveOptions {
  readonly open: (store: string) => CodeStore;
  /** Tells the user, in one line. */
  readonly warn: (message: string) => void;
  readonly compile: (bytes: Uint8Array) => WebAssembly.Module;
  readonly post: (result: ArchiveResult) => void;
  /** Lets other messages have their turn. */
  readonly yield: () => Promise<void>;
}

export class CodeArchive {
  private readonly options: ArchiveOptions;
  /** What a machine has loaded, or saved since. */
  private bytes: Uint8Array<ArrayBuffer> | undefined;

  constructor(options: ArchiveOptions) {
    this.options = options;
  }

  async answer(request: ArchiveRequest): Promise<void> {
    if (request.kind === 'load') return await this.load(request);
    await this.save(request);
    this.options.post({ kind: 'saved' });
  }

  private async load({ id, place: { store, key } }: LoadRequest): Promise<void> {
    const { open, warn, compile, post } = this.options;
    const stored = await open(store).read(key);
    const isGood = stored !== undefined && isPack(stored, key);
    if (stored !== undefined && !isGood) warn(`${key} in the code cache is damaged: it is made anew`);
    this.bytes = isGood ? stored : undefined;
    post({ kind: 'pack', id, bytes: this.bytes });
    if (this.bytes === undefined) return;
    const { modules, moduleStarts } = viewPack(this.bytes);
    for (let index = 0; index < moduleStarts.length - 1; index++) {
      const module = compile(modules.subarray(moduleStarts[index], moduleStarts[index + 1]));
      post({ kind: 'module', id, index, module });
      await this.options.yield();
    }
  }

  /** What was used comes first, as it was, then what is new, then the rest as far as there is room. */
  private async save({ place: { store, key }, regions, used }: SaveRequest): Promise<void> {
    const old = this.bytes === undefined ? [] : regionsOf(viewPack(this.bytes));
    const isUsed = (at: number): boolean => used[at] === 1;
    const kept = [...old.filter((_, at) => isUsed(at)), ...regions, ...old.filter((_, at) => !isUsed(at))];
    this.bytes = encodePack(makePack(kept), key);
    try {
      await this.options.open(store).write(key, this.bytes);
    } catch (error) {
      this.options.warn(`cannot write to the code cache: ${(error as Error).message}`);
    }
  }
}
