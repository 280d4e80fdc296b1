/**
 * What each instruction becomes in a region: bytes of wasm and operations, of a module with one region of the
 * instruction and the way out. `npm run golden` writes instructions.txt anew; the change is reviewed like code.
 */
import { expect, it } from 'vitest';
import { FAMILIES } from '../../scripts/fuzz/choices.ts';
import { encode } from '../../scripts/fuzz/encoder.ts';
import { RegionCollector } from '../../src/code-cache/region-collector.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import type { Variant } from '../../src/isa/variant.ts';
import { UserMachine } from '../isa/user-machine.ts';
import { CODE } from '../vectors/layout.ts';
import { startState } from '../vectors/vector.ts';
import { countModule } from './module-text.ts';

const NOP = Uint8Array.of(0x90);
/** CMOVcc and SETcc, but for one condition of each kind: the others differ in the condition only. */
const SAME = /^(?:cmov|set)(?!b$|e$|l$|p$)/;
const machine = new UserMachine();

/** A region of the instruction. The INT3 behind it is left to its handler. */
function regionOf(instruction: Uint8Array): Uint8Array {
  machine.load(startState({ rip: CODE.toString(16) }, [{ address: CODE, bytes: instruction }]));
  const { views, runtime } = machine.processor;
  const collector = new RegionCollector(views, runtime);
  const blocks = collector.collect(runtime.lookup(), Number.POSITIVE_INFINITY);
  // Whatever this engine does, what most do.
  return compileRegions(
    [{ tier: 'second', isLast: true, roundsInPlace: true, blocks }],
    undefined,
    true,
    true,
  );
}

/** The variant at its greatest operand size, with operands that are the same for all. */
function representative(variants: readonly Variant[], isMemory: boolean): Uint8Array | undefined {
  const candidates = variants.filter(
    ({ row, form }) => row.tier === 'compiled' && form !== 'general' && (form === 'memory') === isMemory,
  );
  const largest = Math.max(...candidates.map(({ operandSize }) => operandSize));
  const variant = candidates.find(({ operandSize }) => operandSize === largest);
  return (
    variant && encode(variant, { registers: [1, 2, 0], memory: { base: 3, displacement: 8 }, immediate: 5n })
  );
}

async function line(
  name: string,
  instruction: Uint8Array,
): Promise<[text: string, bytes: number, operations: number]> {
  const module = regionOf(instruction);
  const { operations } = await countModule(module);
  const columns = [name.padEnd(24), String(module.length).padStart(6), String(operations).padStart(6)];
  return [columns.join(' '), module.length, operations];
}

it('bytes of wasm and operations of one instruction', async () => {
  const lines = ['instruction               bytes operations', (await line('nop', NOP))[0]];
  for (const { name, mnemonics } of FAMILIES[64]) {
    const own: string[] = [];
    let [bytes, operations] = [0, 0];
    for (const variants of mnemonics.filter(([first]) => !SAME.test(first?.row.mnemonic ?? ''))) {
      for (const isMemory of [false, true]) {
        const instruction = representative(variants, isMemory);
        if (instruction === undefined) continue;
        const mnemonic = variants[0]?.row.mnemonic;
        const counted = await line(`  ${mnemonic}${isMemory ? ' [m]' : ''}`, instruction);
        own.push(counted[0]);
        bytes += counted[1];
        operations += counted[2];
      }
    }
    if (own.length > 0)
      lines.push('', `${name}: ${own.length} forms, ${bytes} bytes, ${operations} operations`, ...own);
  }
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('instructions.txt');
});
