/**
 * Operands in memory that have to be aligned. Regions compare an access's address with a page and with its own size at once, so an
 * access of another size than the operand's would be looked at for another alignment than the handler's.
 */
import { describe, expect, it } from 'vitest';
import { encode } from '../../../scripts/fuzz/encoder.ts';
import { allVariants } from '../../../src/isa/instruction-set.ts';
import type { Variant } from '../../../src/isa/variant.ts';
import { VECTOR_GP } from '../../../src/layout/architecture.ts';
import { MXCSR, XCR0 } from '../../../src/layout/cpu-state.ts';
import { createTieredMachine, runToHalt } from '../../code-cache/tiered-machine.ts';
import { CODE, DATA, HANDLERS } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';
import { BACK_ENDS } from '../../support/back-ends.ts';

const RCX = 1;
const RSI = 6;
const R8 = 8;
const TURNS = 40;
const HLT = 0xf4;
const OSFXSR_OSXMMEXCPT_OSXSAVE = 0x4_0600n;
/** All exceptions are masked: what is divided is zero. PE is set, so that regions compute. */
const MASKED = 0x1fa0;

/** Variants with an operand in plain memory that has to be aligned, by the bytes of that operand. */
const ALIGNED: readonly (readonly [name: string, variant: Variant, size: number])[] = allVariants()
  .filter(({ row, form }) => form === 'memory' && row.tier === 'compiled' && row.vendor === undefined)
  .flatMap((variant) => {
    const { row, vectorSize, locations } = variant;
    const operand = locations.find(({ kind }) => kind === 'memory');
    if (operand?.kind !== 'memory' || !operand.aligned) return [];
    const operands = row.operands.map(({ name }) => name).join();
    return [[`${row.mnemonic} ${operands} of ${vectorSize} bytes`, variant, operand.size] as const];
  });

/** A loop of an instruction whose address is further by what R8 says in its last turn but 9. */
function loopOf(variant: Variant): number[] {
  const bytes = encode(variant, { memory: { base: RSI } });
  if (bytes === undefined) throw new Error('not encoded');
  const start = [...assemble(`mov esi,${DATA}; mov ecx,${TURNS}`, CODE)];
  const step = [
    ...assemble('lea eax,[rcx-9]; cmp eax,1; sbb eax,eax; and eax,r8d; add rsi,rax; dec ecx', CODE),
  ];
  const length = bytes.length + step.length + 2;
  return [...start, ...bytes, ...step, 0x75, 0x100 - length, HLT];
}

describe('operands that have to be aligned', () => {
  it('are those of 16 and 32 bytes', () => {
    expect(ALIGNED.length).toBeGreaterThan(100);
    expect([...new Set(ALIGNED.map(([, , size]) => size))].sort()).toEqual([16, 32]);
  });

  it.each(ALIGNED)('%s', (_, variant, size) => {
    const tiered = createTieredMachine('compiled', undefined, BACK_ENDS.writer);
    const { machine, tiering } = tiered;
    const { processor } = machine;
    processor.setU64(XCR0, 7n);
    processor.setU32(MXCSR, MASKED);
    machine.setCr4(OSFXSR_OSXMMEXCPT_OSXSAVE);
    machine.write(CODE, loopOf(variant));
    const run = (further: number): void => {
      processor.setGpr(R8, BigInt(further));
      processor.rip = BigInt(CODE);
      runToHalt(tiered);
    };
    run(size);
    expect(processor.gpr(RCX)).toBe(0n);
    expect(tiering.statistics.regions).toBeGreaterThan(0);
    run(size / 2);
    expect(processor.gpr(RCX)).toBe(8n);
    expect(processor.rip).toBe(BigInt(HANDLERS + VECTOR_GP * 16 + 1));
  });
});
