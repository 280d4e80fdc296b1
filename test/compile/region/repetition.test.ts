/** REP MOVS and REP STOS of few elements are part of a region; others are left to their handlers. */
import { describe, expect, it } from 'vitest';
import { compileRegions } from '../../../src/compile/compiler.ts';
import { createTieredMachine, runRounds, runToHalt } from '../../code-cache/tiered-machine.ts';
import { Transitions } from '../../golden/transitions.ts';
import { CODE, DATA } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';

const MOVS = 'rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]';
const STOS = 'rep stos QWORD PTR es:[rdi],rax';
const TURNS = 100;

/** Ways from regions to handlers in a run of a loop that has been compiled. */
async function left(repetition: string, count: number, at: number): Promise<number> {
  const tiered = createTieredMachine('compiled', undefined, compileRegions);
  const { processor } = tiered.machine;
  const code = `
    mov edx,${TURNS}
    again: mov esi,${DATA}
    mov edi,${at}
    mov ecx,${count}
    ${repetition}
    dec edx
    jne again
    hlt
  `;
  tiered.machine.write(CODE, [...assemble(code)]);
  const prepare = (): void => {
    processor.rip = BigInt(CODE);
  };
  runRounds(tiered, 'compiled', prepare);
  const { counts } = await Transitions.watch(processor);
  prepare();
  runToHalt(tiered);
  return counts.get('region -> handler') ?? 0;
}

describe.each([MOVS, STOS])('%s', (repetition) => {
  it.each([0, 1, 64])('of %i elements is done by the region', async (count) => {
    expect(await left(repetition, count, DATA + 0x1000)).toBeLessThan(TURNS / 10);
  });

  it('of more elements, or over two pages, is not', async () => {
    expect(await left(repetition, 65, DATA + 0x1000)).toBeGreaterThanOrEqual(TURNS);
    expect(await left(repetition, 64, DATA + 0x1fff)).toBeGreaterThanOrEqual(TURNS);
  });
});
