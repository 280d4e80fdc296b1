/** Far jumps, calls and returns, IRET, and what programs raise themselves, between code of every size. */
import {
  CODE,
  CODE_SIZE,
  type CodeMode,
  LDT,
  ldtSelector,
  SCRATCH,
  segmentBases,
} from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { DATA } from '../operands.ts';
import { OF, rflags, STATUS_FLAGS } from '../values.ts';
import { NOT_CANONICAL } from './forms.ts';

const MODES: readonly CodeMode[] = [64, 32, 16];
const TOP = SCRATCH + 0x1800;
const TARGET = CODE + 0x1234;
const USER_DATA = 0x2b;

/** Segments to go to: those that are code of this ring, and each kind of what is not. */
const SELECTORS = [
  ...[0, 3, 0x10, 0x23, 0x20, 0x2b, 0x33, 0x40, 0x50, 0xfffb],
  ...LDT.filter(({ kind }) => kind === 'code').map(({ name }) => ldtSelector(name)),
  ldtSelector('data16'),
  ldtSelector('code16') - 1,
];

/**
 * A call from a segment with a base into 64-bit code: whether the return address goes to where the stack was or will be
 * differs from processor to processor.
 */
function isAmbiguous(mode: CodeMode, selector: number): boolean {
  return mode === 16 && selector === 0x33;
}

/** Offset of the target in a segment. */
function offsetIn(selector: number): number {
  return LDT[selector >> 3]?.kind === 'code' && (selector & 4) !== 0 ? TARGET - CODE : TARGET;
}

/** What an instruction is written as with each operand size that a mode has. */
function sized(mode: CodeMode): { prefix: string; size: number }[] {
  const own = { prefix: '', size: mode === 16 ? 2 : 4 };
  const other = { prefix: '.byte 0x66; ', size: mode === 16 ? 4 : 2 };
  return mode === 64 ? [own, other, { prefix: '.byte 0x48; ', size: 8 }] : [own, other];
}

/** Puts values of `size` bytes one behind the other. */
function frame(input: Input, at: number, size: number, values: readonly (number | bigint)[]): Input {
  for (const [i, value] of values.entries())
    input.store(at + i * size, 8 * size, BigInt.asUintN(8 * size, BigInt(value)));
  return input;
}

function inputOf(mode: CodeMode): Input {
  return new Input(mode).set('rbx', BigInt(DATA - segmentBases(mode).data));
}

const pointer = (mode: CodeMode): string => ({ 64: 'rbx', 32: 'ebx', 16: 'bx' })[mode];

function* transfers(mode: CodeMode): Iterable<Case> {
  // FF /5 and FF /3 with [rBX].
  const modrm = mode === 16 ? { jmp: 0x2f, call: 0x1f } : { jmp: 0x2b, call: 0x1b };
  for (const { prefix, size } of sized(mode)) {
    for (const selector of SELECTORS) {
      for (const byte of isAmbiguous(mode, selector) ? [modrm.jmp] : [modrm.jmp, modrm.call]) {
        const input = inputOf(mode);
        input.store(DATA, 8 * size, BigInt(offsetIn(selector) % 2 ** (8 * size)));
        input.store(DATA + size, 16, BigInt(selector));
        yield { asm: `${prefix}.byte 0xff, ${byte}`, input, steps: 2 };
      }
    }
    for (const offset of [CODE + CODE_SIZE, 0x1_2345, NOT_CANONICAL]) {
      const input = inputOf(mode).store(DATA, 8 * size, BigInt.asUintN(8 * size, BigInt(offset)));
      input.store(DATA + size, 16, mode === 64 ? 0x33n : 0x07n);
      // Processors have pushed the return address when they find the target impossible.
      const undefinedMemory: [number, number][] = [[TOP - 16, 16]];
      yield { asm: `${prefix}.byte 0xff, ${modrm.call}`, input, steps: 2, undefinedMemory };
    }
  }
  if (mode === 64) return;
  for (const { prefix, size } of sized(mode)) {
    for (const selector of [
      0x23,
      0x33,
      0x10,
      ldtSelector('code16'),
      ldtSelector('code32'),
      ldtSelector('data16'),
    ]) {
      for (const opcode of isAmbiguous(mode, selector) ? [0xea] : [0x9a, 0xea]) {
        const offset = size === 2 ? `.word ${offsetIn(selector) & 0xffff}` : `.long ${offsetIn(selector)}`;
        const asm = `${prefix}.byte ${opcode}; ${offset}; .word ${selector}`;
        yield { asm, input: inputOf(mode), steps: 2 };
      }
    }
  }
}

function* returns(mode: CodeMode): Iterable<Case> {
  for (const { prefix, size } of sized(mode)) {
    for (const selector of SELECTORS) {
      const values = [offsetIn(selector), selector];
      for (const asm of ['.byte 0xcb', '.byte 0xca, 0x10, 0'])
        yield { asm: `${prefix}${asm}`, input: frame(inputOf(mode), TOP, size, values), steps: 2 };
    }
  }
}

function* interruptReturns(mode: CodeMode): Iterable<Case> {
  const stacks = [USER_DATA, ldtSelector('data16'), 0, 0x18];
  for (const { prefix, size } of sized(mode)) {
    const iret = (values: readonly (number | bigint)[]): Case => ({
      asm: `${prefix}.byte 0xcf`,
      input: frame(inputOf(mode), TOP, size, values).set('rflags', rflags(STATUS_FLAGS)),
      steps: 2,
    });
    for (const selector of SELECTORS)
      for (const stack of stacks) yield iret([offsetIn(selector), selector, 0x246, 0x1234, stack]);
    const own = { 64: 0x33, 32: 0x23, 16: ldtSelector('code16') }[mode];
    // IOPL, IF and VM are not a program's.
    for (const flags of [0, STATUS_FLAGS, 0x3000, 0x4_0000, 0x20_0000, 0x2_0000, 0x18_0000])
      yield iret([offsetIn(own), own, flags | 2, TOP + 0x40, USER_DATA]);
    if (size === 8) yield iret([NOT_CANONICAL, own, 0x202, TOP, USER_DATA]);
  }
}

/** INT3, INT1, INTO and BOUND; the handlers' gates are Linux'. */
function* raised(mode: CodeMode): Iterable<Case> {
  yield { asm: 'nop; int3', input: inputOf(mode) };
  yield { asm: 'int1', input: inputOf(mode) };
  if (mode === 64) return;
  for (const flags of [0, OF, STATUS_FLAGS])
    yield { asm: 'into', input: inputOf(mode).set('rflags', rflags(flags)) };
  for (const index of [0x10n, 0xfn, 0x20n, 0x21n]) {
    const input = frame(inputOf(mode), DATA, 4, [0x10, 0x20]).set('rax', index);
    yield { asm: `bound eax, qword ptr [${pointer(mode)}]`, input };
  }
}

export function* far(): Iterable<Case> {
  for (const mode of MODES) {
    yield* transfers(mode);
    yield* returns(mode);
    yield* interruptReturns(mode);
    yield* raised(mode);
  }
}
