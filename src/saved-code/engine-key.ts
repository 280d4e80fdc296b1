/** What packs are stored under beside their place's key: what was compiled for one engine may be wrong for another, or stay in it for good. */
import { fusesMultiplyAdd } from '../compile/fused-multiply-add.ts';
import { sharesTables } from '../compile/shared-table.ts';

/** Regions depend on whether the engine's relaxed_madd rounds once and on whether they may have the function table, and on nothing else that engines differ in. */
export function engineKey(key: string): string {
  return `${key}${fusesMultiplyAdd() ? '' : '-unfused'}${sharesTables() ? '' : '-tableless'}`;
}
