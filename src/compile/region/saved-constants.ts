/**
 * Constants of the guest's code, and what is none in code that is saved for other runs: addresses near a kernel's code, which is
 * somewhere else each time, and physical pages. Whether all else is as it was is looked at before such code is entered
 * (code-cache/saved-regions.ts).
 */
import { CPU_STATE } from '../../layout/linear-memory.ts';
import { HEAD_PHYSICAL_PAGE } from '../../layout/record.ts';
import { CODE_MOVED } from '../../layout/runtime-state.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import type { BlockRecords } from '../record-view.ts';
import { isNearCode } from '../region-source.ts';

export class SavedConstants {
  private readonly m: Module;
  private readonly savedAt: number | undefined;

  /** @param savedAt RegionSource.savedAt. */
  constructor(m: Module, savedAt: number | undefined) {
    this.m = m;
    this.savedAt = savedAt;
  }

  /** Whether the constant is an address that moves. */
  moves(constant: number): boolean {
    return this.savedAt !== undefined && isNearCode(constant, this.savedAt);
  }

  /** A displacement as it is where the code is now. */
  displacement(constant: number): Expression {
    const value = this.m.i64.const(constant);
    return this.moves(constant) ? this.moved(value) : value;
  }

  /** Whether an instruction's immediate is an address that moves. */
  movesImmediate(records: BlockRecords, index: number): boolean {
    return this.savedAt !== undefined && isNearCode(records.immediateNumber(index), this.savedAt);
  }

  /** An instruction's immediate as it is where the code is now. */
  immediate(records: BlockRecords, index: number): Expression {
    const value = this.m.i64.halves(records.immediateLow(index), records.immediateHigh(index));
    return this.movesImmediate(records, index) ? this.moved(value) : value;
  }

  private moved(address: Expression): Expression {
    const { m } = this;
    return m.i64.add(address, m.i64.load32_s(CPU_STATE + CODE_MOVED, 4, m.i32.const(0)));
  }

  /** i32: the page that a block's code comes from. */
  physicalPage({ head, physicalPage }: BlockRecords): Expression {
    const { m } = this;
    return this.savedAt === undefined
      ? m.i32.const(physicalPage)
      : m.i32.load(HEAD_PHYSICAL_PAGE, 4, m.i32.const(head));
  }
}
