/** What one engine has compiled is not read by another that may refuse it: a folder may be shared by versions of Node and by machines. */
import { expect, it, vi } from 'vitest';
import { CodeArchive } from '../../src/saved-code/archive.ts';
import type { CodeStore } from '../../src/saved-code/messages.ts';
import { isPack } from '../../src/saved-code/pack.ts';
import { saveRegions } from '../../src/saved-code/save.ts';

const engine = vi.hoisted(() => ({ fuses: true }));
vi.mock('../../src/compile/fused-multiply-add.ts', () => ({ fusesMultiplyAdd: () => engine.fuses }));

const PLACE = { store: 'code', key: 'key' };

it('keeps packs of engines that fuse and of others apart', async () => {
  const packs = new Map<string, Uint8Array<ArrayBuffer>>();
  const store: CodeStore = {
    read: async (key) => packs.get(key),
    write: async (key, bytes) => void packs.set(key, bytes),
  };
  const save = async (fuses: boolean): Promise<void> => {
    engine.fuses = fuses;
    await saveRegions(store, {
      kind: 'save',
      place: PLACE,
      regions: [],
      loaded: undefined,
      used: new Uint8Array(),
    });
  };
  const load = async (fuses: boolean): Promise<Uint8Array | undefined> => {
    engine.fuses = fuses;
    let found: Uint8Array | undefined;
    const archive = new CodeArchive({
      open: () => store,
      warn: (message) => expect.unreachable(message),
      compile: (bytes) => new WebAssembly.Module(bytes as BufferSource),
      post: (result) => {
        if (result.kind === 'pack') found = result.bytes;
      },
      yield: async () => {},
    });
    await archive.answer({ kind: 'load', id: 0, place: PLACE });
    return found;
  };
  for (const writer of [true, false]) {
    packs.clear();
    await save(writer);
    expect(await load(!writer)).toBeUndefined();
    expect(await load(writer)).toEqual([...packs.values()][0]);
    for (const [key, bytes] of packs) expect(isPack(bytes, key)).toBe(true);
  }
});
