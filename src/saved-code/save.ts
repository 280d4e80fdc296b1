/** Keeps what a run has compiled, with what is kept already. */
import { engineKey } from './engine-key.ts';
import type { CodeStore, SaveRequest } from './messages.ts';
import { checksumOf, encodePack, isPack, viewPack } from './pack.ts';
import { makePack, regionsOf } from './pack-maker.ts';
import { distanceBetween, movedDown } from './relocations.ts';

/**
 * What was used comes first, as it was, then what is new, then the rest as far as there is room. Another run may have changed what is
 * there since it was loaded: then it is not known what of it was used, and its kernel may be elsewhere.
 *
 * @throws where it cannot be written.
 */
export async function saveRegions(store: CodeStore, request: SaveRequest): Promise<void> {
  const { regions, loaded, used, shapes } = request;
  const key = engineKey(request.place.key);
  const stored = await store.read(key);
  const pack = stored !== undefined && isPack(stored, key) ? stored : undefined;
  const old = pack === undefined ? [] : regionsOf(viewPack(pack));
  const isKnown = pack !== undefined && checksumOf(pack) === loaded;
  const isUsed = (at: number): boolean => isKnown && used[at] === 1;
  const distance = isKnown ? 0 : distanceBetween(regions, old);
  const fresh = regions.map((region) => movedDown(region, distance));
  const kept = [...old.filter((_, at) => isUsed(at)), ...fresh, ...old.filter((_, at) => !isUsed(at))];
  await store.write(key, encodePack(makePack(kept, shapes), key));
}
