/** What one engine has compiled is not read by another that may refuse it: a folder may be shared by versions of Node and by machines. */
import { beforeEach, expect, it, vi } from 'vitest';
import { CodeArchive } from '../../src/saved-code/archive.ts';
import type { CodeStore } from '../../src/saved-code/messages.ts';
import { isPack } from '../../src/saved-code/pack.ts';
import { saveRegions } from '../../src/saved-code/save.ts';

const engine = vi.hoisted(() => ({ fuses: true, shares: true }));
vi.mock('../../src/compile/fused-multiply-add.ts', () => ({ fusesMultiplyAdd: () => engine.fuses }));
vi.mock('../../src/compile/shared-table.ts', () => ({ sharesTables: () => engine.shares }));

const PLACE = { store: 'code', key: 'key' };

beforeEach(() => {
  engine.fuses = engine.shares = true;
});

it.each(['fuses', 'shares'] as const)('keeps packs of engines that differ in what %s apart', async (what) => {
  const packs = new Map<string, Uint8Array<ArrayBuffer>>();
  const store: CodeStore = {
    read: async (key) => packs.get(key),
    write: async (key, bytes) => void packs.set(key, bytes),
  };
  const save = async (value: boolean): Promise<void> => {
    engine[what] = value;
    await saveRegions(store, {
      kind: 'save',
      place: PLACE,
      regions: [],
      loaded: undefined,
      used: new Uint8Array(),
      shapes: new Uint8Array(),
    });
  };
  const load = async (value: boolean): Promise<Uint8Array | undefined> => {
    engine[what] = value;
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
