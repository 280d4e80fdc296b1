/**
 * The decoder reads random bytes as GNU binutils do: the same instructions of the same length.
 *
 * Operands are not compared: the spelling of many differs, and disassembler.test.ts has examples of each kind.
 */
import { describe, expect, it } from 'vitest';
import { encode } from '../../scripts/fuzz/encoder.ts';
import { hasObjdump, type Reading, readWithObjdump, SLOT } from '../../scripts/fuzz/objdump.ts';
import { Random } from '../../scripts/recorder/values.ts';
import { disassemble } from '../../src/isa/disassembler.ts';
import { allVariants } from '../../src/isa/instruction-set.ts';
import { MODE_CODE_64 } from '../../src/layout/mode.ts';

const VARIANTS = allVariants();

const PIECES = 40_000;
const LONGEST = 15;
const PREFIXES = [0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x64, 0x65];

/** Prefixes as objdump prints them before an instruction, where they mean nothing to it. */
const PREFIX_WORDS =
  /^(?:(?:data16|addr32|rex(?:\.[WRXB]+)?|repn?[ez]?|[c-gs]s|lock|bnd|notrack|xacquire|xrelease) )+/;

/** objdump's names for what the SDM calls otherwise, or what the operand size is part of. */
const NAMES: Readonly<Record<string, string>> = {
  movabs: 'mov',
  popf: 'popfq',
  pushf: 'pushfq',
  iret: 'iretd',
  pushw: 'push',
  popw: 'pop',
  leavew: 'leave',
  enterw: 'enter',
  callw: 'call',
  retw: 'ret',
  fxsave64: 'fxsave',
  fxrstor64: 'fxrstor',
  xsave64: 'xsave',
  xsaveopt64: 'xsaveopt',
  xsavec64: 'xsavec',
  xsaves64: 'xsaves',
  xrstors64: 'xrstors',
  xrstor64: 'xrstor',
  jecxz: 'jrcxz',
  sysretd: 'sysret',
  sysexitd: 'sysexit',
  pcmpestrmq: 'pcmpestrm',
  pcmpestriq: 'pcmpestri',
  vpcmpestrmq: 'vpcmpestrm',
  vpcmpestriq: 'vpcmpestri',
  prefetchnta: 'prefetch',
  prefetcht0: 'prefetch',
  prefetcht1: 'prefetch',
  prefetcht2: 'prefetch',
  prefetchit0: 'prefetch',
  prefetchit1: 'prefetch',
  prefetchwt1: 'prefetchw',
  'fneni(8087': 'fneni',
  'fndisi(8087': 'fndisi',
  'fnsetpm(287': 'fnsetpm',
  fldenvw: 'fldenv',
  fnstenvw: 'fnstenv',
  frstorw: 'frstor',
  fnsavew: 'fnsave',
};
/** The same, with an immediate in the name. */
const PREDICATES: readonly (readonly [RegExp, string])[] = [
  [/^(v?cmp)(?:eq|lt|le|unord|neq|nlt|nle|ord|nge|ngt|false|ge|gt|true)(?:_[a-z]+)?(ps|pd|ss|sd)$/, '$1$2'],
  [/^(v?pclmul)[lh]q[lh]qdq$/, '$1qdq'],
];

/** What one of the two calls by the name of the hint or extension that the bytes are on other processors. */
const HINTS = new Set(['nop', 'prefetch', 'prefetchw', 'endbr', 'cldemote', 'xchg', 'pause']);
const isHint = (mnemonic: string): boolean => HINTS.has(mnemonic) || mnemonic.startsWith('bnd');

/** What processors take with more prefixes or register numbers than objdump does. */
const LENIENT = new Set([
  // Aliases, which assemblers do not write.
  ...['fcom', 'fcomp', 'fxch', 'fstp', 'fstp1'],
  ...['wbinvd', 'invd', 'bsf', 'bsr', 'movbe', 'cmpxchg8b', 'cmpxchg16b', 'lfence', 'mfence', 'sfence'],
]);
/** Where objdump ignores F2 and F3, which the SDM's "NP" says are not allowed. */
const NO_PREFIX = new Set(
  VARIANTS.filter(({ row }) => row.opcode.prefix === 'none').map(({ row }) => row.mnemonic),
);

/** VEX-encoded: a prefix before VEX, which objdump reads as one of nothing, is #UD. */
const VEX = new Set(
  VARIANTS.filter(({ row }) => row.opcode.vex !== undefined).map(({ row }) => row.mnemonic),
);

const known = new Set(VARIANTS.map(({ row }) => row.mnemonic.split(' ')[0] as string));

function mnemonicOf(text: string): string {
  const [word = ''] = `${text.replace(/#.*/, '').trim()} `.replace(PREFIX_WORDS, '').trim().split(' ');
  const name = NAMES[word] ?? word;
  return PREDICATES.reduce((text, [predicate, plain]) => text.replace(predicate, plain), name);
}

/** What is wrong with our reading of a piece, if anything is. */
function difference(piece: Uint8Array, ours: Reading, theirs: Reading): string | undefined {
  const [own, other] = [mnemonicOf(ours.text), mnemonicOf(theirs.text)];
  const isBad = theirs.text.includes('(bad)') || theirs.text.includes('?');
  // REX before another prefix counts for nothing; objdump takes it for an instruction.
  if (other === '' && own !== '') return undefined;
  // objdump takes it for the beginning of the x87 instruction that follows.
  if (own === 'fwait' && other.startsWith('f')) return undefined;
  if (isBad ? own === '(bad)' || LENIENT.has(own) || isHint(own) : own === other) {
    if (own === '(bad)' || isBad || ours.length === theirs.length) return undefined;
  } else if (own === '(bad)') {
    // LOCK where it is not allowed, or an instruction that this processor does not have.
    if (theirs.text.includes('lock ') || !known.has(other) || NO_PREFIX.has(other)) return undefined;
    if (VEX.has(other) && PREFIX_WORDS.test(theirs.text.trim())) return undefined;
    // It takes any ModRM.reg for an opcode of group 17.
    if (other === 'extrq') return undefined;
    if (/^mov +cs,/.test(theirs.text.replace(PREFIX_WORDS, ''))) return undefined;
  } else if (isHint(own) && isHint(other) && ours.length === theirs.length) return undefined;
  return `${Buffer.from(piece).toString('hex')}: ${ours.text} (${ours.length}), objdump ${theirs.text} (${theirs.length})`;
}

function differences(pieces: readonly Uint8Array[]): string[] {
  const readings = readWithObjdump(pieces, 64);
  return pieces.flatMap((piece, n) => {
    const theirs = readings[n];
    if (theirs === undefined)
      throw new Error(`objdump says nothing of ${Buffer.from(piece).toString('hex')}`);
    const ours = disassemble(piece, BigInt(n * SLOT), MODE_CODE_64);
    return difference(piece, ours, theirs) ?? [];
  });
}

/** Prefixes, an opcode of one of the maps, and anything. */
function randomPiece(random: Random): Uint8Array {
  const bytes: number[] = [];
  while (random.below(3) === 0 && bytes.length < 8) bytes.push(random.pick(PREFIXES));
  if (random.below(2)) bytes.push(0x40 + random.below(16));
  const vex = [0xc4, (random.next() & 0xe0) | (1 + random.below(3))];
  bytes.push(...random.pick([[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a], [0xc5], vex]));
  while (bytes.length < LONGEST) bytes.push(random.below(256));
  return Uint8Array.from(bytes);
}

// Debian's binutils are what .ci/run installs; elsewhere the decoder's other tests have to do.
describe.skipIf(!hasObjdump())('as objdump reads it (skipped where there is no objdump)', () => {
  it(`${PIECES} random pieces`, () => {
    const random = new Random('objdump');
    expect(differences(Array.from({ length: PIECES }, () => randomPiece(random)))).toEqual([]);
  });

  it('every variant', () => {
    const pieces = VARIANTS.flatMap((variant) => {
      const memory = { base: 3, ...(variant.form === 'general' ? { segment: 'gs' as const } : {}) };
      return encode(variant, { memory, registers: variant.row.operands.map((_, at) => 8 + at) }) ?? [];
    });
    expect(pieces.length).toBeGreaterThan(3000);
    expect(differences(pieces)).toEqual([]);
  });
});
