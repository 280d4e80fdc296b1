/** What packs are stored under beside their place's key: an engine may refuse, or round otherwise in, what was compiled for another. */
import { fusesMultiplyAdd } from '../compile/fused-multiply-add.ts';

/** @param fuses whether the engine's relaxed_madd rounds once, on which alone of an engine's features regions depend. */
export function engineKey(key: string, fuses: boolean = fusesMultiplyAdd()): string {
  return fuses ? key : `${key}-unfused`;
}
