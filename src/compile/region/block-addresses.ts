/** Addresses of a block's memory operands: sums of registers and constants, in segments. */

import { constant, int } from '../../isa/semantics/integer.ts';
import { CHECKED_LINEAR_MASK } from '../../layout/checked-address.ts';
import { GPR, SEGMENT_CS, SEGMENT_DS, SEGMENT_ES, SEGMENT_NONE, SEGMENT_SS } from '../../layout/cpu-state.ts';
import { MODE_CODE_64, MODE_FLAT, MODE_STACK_32 } from '../../layout/mode.ts';
import { ADDRESS_16, ADDRESS_32, ADDRESS_64 } from '../../layout/record.ts';
import { PAGE_BASE, ZERO_REGISTER } from '../../layout/runtime-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { BlockRegisters } from './block-registers.ts';

/** Segments that MODE_FLAT says have base 0 and nothing to check, and the one that only has base 0. */
const FLAT_SEGMENTS: readonly number[] = [SEGMENT_ES, SEGMENT_SS, SEGMENT_DS];
const BASE_ZERO: readonly number[] = [...FLAT_SEGMENTS, SEGMENT_CS];

export abstract class BlockAddresses extends BlockRegisters {
  /** Linear address of an offset relative to the start of the block's page. */
  protected codeAddress(offset: number): Expression {
    return this.parts.code.at(this.block.page, offset);
  }

  override get stackSize(): number | undefined {
    const { mode } = this.records;
    if ((mode & MODE_CODE_64) !== 0) return 8;
    return (mode & MODE_FLAT) !== 0 && (mode & MODE_STACK_32) !== 0 ? 4 : undefined;
  }

  override segmentBase(segment: number): Expression {
    if ((this.records.mode & MODE_FLAT) !== 0 && BASE_ZERO.includes(segment)) return this.m.i64.const(0);
    return super.segmentBase(segment);
  }

  /** Base or index register by its state offset, as wide as registers are; undefined for the always-zero one. */
  private addressRegister(offset: number): Expression | undefined {
    if (offset === ZERO_REGISTER) return undefined;
    if (offset === PAGE_BASE) return this.codeAddress(0);
    return this.whole((offset - GPR) >> 3);
  }

  /** @param vectorIndex of an operand whose index register is a vector: the element. */
  protected memoryAddress(vectorIndex?: Expression): Expression {
    const { m, areNarrow } = this;
    const { records, index } = this;
    const size = areNarrow ? 4 : 8;
    const { add, shl } = int(m, size);
    const element = vectorIndex !== undefined && areNarrow ? m.i32.wrap(vectorIndex) : vectorIndex;
    let sum = this.addressRegister(records.base(index));
    let scaled = element ?? this.addressRegister(records.indexRegister(index));
    if (scaled !== undefined && records.scale(index) > 0) {
      scaled = shl(scaled, constant(m, size, records.scale(index)));
    }
    if (scaled !== undefined) sum = sum === undefined ? scaled : add(sum, scaled);
    const displacement = records.displacement(index);
    const { constants } = this.parts;
    const distance = (): Expression => {
      if (!constants.moves(displacement)) return constant(m, size, displacement);
      const moved = constants.displacement(displacement);
      return areNarrow ? m.i32.wrap(moved) : moved;
    };
    if (sum === undefined) sum = distance();
    else if (displacement !== 0) sum = add(sum, distance());
    return this.truncateAddress(areNarrow ? m.i64.extend_u(sum) : sum);
  }

  protected addressMask(): Expression {
    const size = this.records.addressSize(this.index);
    return this.m.i64.const(size === ADDRESS_32 ? 0xffff_ffffn : size === ADDRESS_16 ? 0xffffn : -1n);
  }

  /** @param address no wider than registers are. */
  private truncateAddress(address: Expression): Expression {
    const { m } = this;
    switch (this.records.addressSize(this.index)) {
      case ADDRESS_32:
        return this.areNarrow ? address : m.i64.and(address, m.i64.const(0xffff_ffffn));
      case ADDRESS_16:
        return m.i64.and(address, m.i64.const(0xffffn));
      default:
        return address;
    }
  }

  protected toLinear(effective: Expression): Expression {
    return this.inSegment(effective, this.records.segment(this.index));
  }

  /** Whether effective addresses in it are linear ones. */
  protected isFlatSegment(segment: number): boolean {
    return (
      segment === SEGMENT_NONE || ((this.records.mode & MODE_FLAT) !== 0 && FLAT_SEGMENTS.includes(segment))
    );
  }

  protected inSegment(effective: Expression, segment: number): Expression {
    const { m } = this;
    const { mode } = this.records;
    // Outside 64-bit mode effective addresses have 32 bits.
    if (this.isFlatSegment(segment)) return effective;
    const sum = m.i64.add(effective, this.accessBase(segment));
    return (mode & MODE_CODE_64) !== 0 ? sum : m.i64.and(sum, m.i64.const(CHECKED_LINEAR_MASK));
  }

  protected offsetAddress(): Expression {
    return this.toLinear(this.parts.constants.immediate(this.records, this.index));
  }

  /** Whether strings are at linear addresses as far as they go: offsets do not begin again in between. */
  protected get hasLinearStrings(): boolean {
    const { records, index } = this;
    const addressSize = records.addressSize(index);
    if ((records.mode & MODE_CODE_64) !== 0) return addressSize === ADDRESS_64;
    return (
      addressSize === ADDRESS_32 &&
      this.isFlatSegment(SEGMENT_ES) &&
      this.isFlatSegment(records.segment(index))
    );
  }

  protected stringAddress(kind: 'source' | 'destination'): Expression {
    const address = this.truncateAddress(this.get(kind === 'source' ? 6 : 7));
    if (this.variant.form !== 'general') return address;
    return kind === 'source' ? this.toLinear(address) : this.inSegment(address, SEGMENT_ES);
  }
}
