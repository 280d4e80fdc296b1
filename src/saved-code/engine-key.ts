/** What packs are stored under beside their place's key: an engine may refuse, or round otherwise in, what was compiled for another. */
import { fusesMultiplyAdd } from '../compile/fused-multiply-add.ts';

/** Regions depend on whether the engine's relaxed_madd rounds once, and on nothing else that engines differ in. */
export function engineKey(key: string): string {
  return fusesMultiplyAdd() ? key : `${key}-unfused`;
}
