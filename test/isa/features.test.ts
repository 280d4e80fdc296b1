/** What CPUID announces is there, and what it does not is not: every instruction of each feature, run in both cases. */
import { describe, expect, it } from 'vitest';
import { encode } from '../../scripts/fuzz/encoder.ts';
import { Decoder } from '../../src/isa/decoder.ts';
import { allVariants } from '../../src/isa/instruction-set.ts';
import { featureOf } from '../../src/isa/row-features.ts';
import type { Variant } from '../../src/isa/variant.ts';
import { XCR0 } from '../../src/layout/cpu-state.ts';
import { FEATURE_WORDS, FEATURES } from '../../src/layout/features.ts';
import { MODE_CODE_64 } from '../../src/layout/mode.ts';
import { DATA, SystemMachine } from './system-machine.ts';

const VARIANTS = allVariants();

const UNDEFINED = 6;
/** UMIP, FSGSBASE, OSXSAVE, SMEP, SMAP, PKE. */
const CR4_ALL = 0x75_0800n;
/** x87, SSE, AVX. */
const XCR0_ALL = 7n;
/** What the bytes mean to a processor without the feature. */
const OLDER: Readonly<Record<string, string>> = { tzcnt: 'bsf', lzcnt: 'bsr' };

function machine(withheld: ReadonlySet<string> = new Set()): SystemMachine {
  const made = new SystemMachine({ withheld });
  made.processor.setU64(XCR0, XCR0_ALL);
  made.setCr4(CR4_ALL);
  return made;
}

/** The vector that an instruction ends with, if it is one. */
function outcome(system: SystemMachine, bytes: Uint8Array): unknown {
  const { processor } = system;
  system.toKernel();
  for (const register of [0, 1, 2, 6, 7]) processor.setGpr(register, 0n);
  processor.setGpr(3, BigInt(DATA));
  return system.run(`.byte ${[...bytes].join(',')}`);
}

function bytesOf(variant: Variant): Uint8Array | undefined {
  if (variant.form === 'general') return undefined;
  return encode(variant, { memory: { base: 3 }, registers: variant.row.operands.map((_, at) => at) });
}

function decoded(decoder: Decoder, bytes: Uint8Array): string | undefined {
  const padded = new Uint8Array(15);
  padded.set(bytes);
  decoder.decode(padded, 0, padded.length, 0, MODE_CODE_64);
  return decoder.instruction.variant?.row.mnemonic;
}

/** The bytes of every instruction of a feature in 64-bit mode. */
function instructionsOf(name: string): [Variant, Uint8Array][] {
  return VARIANTS.filter((variant) => featureOf(variant) === name).flatMap((variant) => {
    const bytes = bytesOf(variant);
    return bytes === undefined ? [] : [[variant, bytes] satisfies [Variant, Uint8Array]];
  });
}

const withInstructions = FEATURES.filter(({ name }) => instructionsOf(name).length > 0);

describe('features', () => {
  it('have names, bits and needs of their own, and instructions that exist', () => {
    const names = FEATURES.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(FEATURES.map(({ word, bit }) => `${word} ${bit}`)).size).toBe(FEATURES.length);
    const mnemonics = new Set(VARIANTS.map(({ row }) => row.mnemonic));
    for (const { needs, instructions, prefixed, word } of FEATURES) {
      expect(FEATURE_WORDS).toContain(word);
      for (const need of needs) expect(names).toContain(need);
      for (const mnemonic of [...instructions, ...prefixed]) expect(mnemonics).toContain(mnemonic);
    }
    expect(withInstructions.length).toBeGreaterThan(20);
  });

  const offered = machine();
  it.each(withInstructions.map(({ name }) => name))('%s', (name) => {
    const withheld = new Set([name]);
    const decoder = new Decoder(withheld);
    const without = machine(withheld);
    for (const [{ row }, bytes] of instructionsOf(name)) {
      const what = `${row.mnemonic} ${Buffer.from(bytes).toString('hex')}`;
      expect(outcome(offered, bytes), what).not.toBe(UNDEFINED);
      const older = OLDER[row.mnemonic];
      expect(decoded(decoder, bytes), what).toBe(older);
      if (older === undefined) expect(outcome(without, bytes), what).toBe(UNDEFINED);
      else expect(outcome(without, bytes), what).not.toBe(UNDEFINED);
    }
  });

  it('are in CPUID as far as the processor has them', () => {
    const bitsOf = (system: SystemMachine, leaf: number, subleaf: number, register: number): number => {
      system.toKernel();
      expect(system.run(`mov eax,${leaf}; mov ecx,${subleaf}; cpuid`)).toBe('halt');
      return Number(system.processor.gpr(register));
    };
    const registers: Readonly<Record<string, number>> = { eax: 0, ebx: 3, ecx: 1, edx: 2 };
    for (const { name, word, bit, level } of FEATURES) {
      const [place = '', register = ''] = word.split(':');
      const [leaf = '', subleaf = '0'] = place.split('.');
      const bits = (system: SystemMachine): number =>
        bitsOf(system, Number.parseInt(leaf, 16), Number(subleaf), registers[register] as number);
      // The machine of these tests has no local APIC.
      if (name !== 'apic') expect((bits(offered) >>> bit) & 1, name).toBe(1);
      if (level === 'base') continue;
      expect((bits(machine(new Set([name]))) >>> bit) & 1, `without ${name}`).toBe(0);
    }
  });
});
