/** Segment registers, questions about selectors, segment bases: in 64-bit mode and in 32- and 16-bit code. */
import { type CodeMode, LDT, ldtSelector, SCRATCH, segmentBases } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { DATA } from '../operands.ts';
import { rflags, STATUS_FLAGS, ZF } from '../values.ts';
import { UNMAPPED } from './forms.ts';

/** Null, Linux' segments of both rings, TSS and LDT, beyond both tables, and all of the LDT. */
const SELECTORS = [
  ...[0, 3, 0x10, 0x18, 0x1b, 0x23, 0x28, 0x2b, 0x33, 0x40, 0x50, 0xfffb, 0xffff],
  ...LDT.map(({ name }) => ldtSelector(name)),
  ldtSelector('data16') - 1,
];
const MODES: readonly CodeMode[] = [64, 32, 16];
const ALL = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const LOADABLE = ['es', 'ss', 'ds', 'fs', 'gs'];

/** Registers that both addresses and operands of a mode can have. */
function names(mode: CodeMode): { pointer: string; registers: string[] } {
  if (mode === 64) return { pointer: 'rbx', registers: ['rax', 'eax', 'ax'] };
  return { pointer: mode === 32 ? 'ebx' : 'bx', registers: ['eax', 'ax'] };
}

/** With the pointer at the data area. */
function inputOf(mode: CodeMode, offset = 0): Input {
  return new Input(mode).set('rbx', BigInt(DATA + offset - segmentBases(mode).data));
}

function* loads(mode: CodeMode): Iterable<Case> {
  const { pointer } = names(mode);
  for (const segment of LOADABLE) {
    for (const selector of SELECTORS) {
      // The return of the signal handler makes null selectors zero.
      if (selector === 3 && segment !== 'ss') continue;
      const value = BigInt(selector);
      yield { asm: `mov ${segment}, ax`, input: inputOf(mode).set('rax', 0x1234_0000n | value) };
      const inMemory = inputOf(mode).store(DATA, 16, value);
      yield { asm: `mov ${segment}, word ptr [${pointer}]`, input: inMemory };
    }
  }
}

function* stores(mode: CodeMode): Iterable<Case> {
  const { pointer, registers } = names(mode);
  for (const segment of ALL) {
    for (const register of registers) yield { asm: `mov ${register}, ${segment}`, input: inputOf(mode) };
    yield { asm: `mov word ptr [${pointer}], ${segment}`, input: inputOf(mode) };
  }
}

/** PUSH and POP, with both operand sizes. */
function* stack(mode: CodeMode): Iterable<Case> {
  const top = SCRATCH + 0x1800;
  const segments = mode === 64 ? ['fs', 'gs'] : ALL;
  for (const prefix of ['', '.byte 0x66; ']) {
    for (const segment of segments) {
      const held = inputOf(mode);
      if (segment === 'fs' || segment === 'gs') held.set(segment, BigInt(ldtSelector('data16')));
      // Intel's processors leave the upper half of a slot of 4 bytes alone, AMD's clear it.
      const isDword = (mode === 32) === (prefix === '');
      const undefinedMemory: [number, number][] = mode !== 64 && isDword ? [[top - 2, 2]] : [];
      yield { asm: `${prefix}push ${segment}`, input: held, undefinedMemory };
      if (segment === 'cs') continue;
      for (const selector of [0, 0x2b, 0x10, ldtSelector('constant'), ldtSelector('absent')]) {
        const value = 0x1234_5678_9abc_0000n | BigInt(selector);
        yield { asm: `${prefix}pop ${segment}`, input: inputOf(mode).store(top, 64, value) };
      }
    }
  }
}

/** LES and kin: an offset of the operand size, then a selector. */
function* farPointers(mode: CodeMode): Iterable<Case> {
  const { pointer, registers } = names(mode);
  const loaded = mode === 64 ? ['ss', 'fs', 'gs'] : ['es', 'ss', 'ds', 'fs', 'gs'];
  for (const segment of loaded) {
    for (const register of registers) {
      const size = { rax: 64, eax: 32, ax: 16 }[register] as number;
      for (const selector of [0, 0x2b, 0x33, 0x18, ldtSelector('expandDown'), ldtSelector('absent')]) {
        const input = inputOf(mode).store(DATA, 64, 0x1122_3344_5566_7788n);
        input.store(DATA + size / 8, 16, BigInt(selector));
        // The assembler does not know the form of 64 bits.
        const text = register === 'rax' ? `.byte 0x48; l${segment} eax` : `l${segment} ${register}`;
        yield { asm: `${text}, [${pointer}]`, input };
      }
    }
  }
}

function* queries(mode: CodeMode): Iterable<Case> {
  const { pointer, registers } = names(mode);
  const selectors = SELECTORS.flatMap((selector) => [0, STATUS_FLAGS].map((flags) => ({ selector, flags })));
  for (const { selector, flags } of selectors) {
    const value = BigInt(selector);
    const inRegister = (): Input => inputOf(mode).set('rcx', value).set('rflags', rflags(flags));
    const inMemory = (): Input =>
      inputOf(mode)
        .store(DATA, 16, value)
        .set('rflags', rflags(flags ^ ZF));
    for (const op of ['verr', 'verw']) {
      yield { asm: `${op} cx`, input: inRegister() };
      yield { asm: `${op} word ptr [${pointer}]`, input: inMemory() };
    }
    for (const op of ['lar', 'lsl']) {
      for (const register of registers) {
        const source = { rax: 'rcx', eax: 'ecx', ax: 'cx' }[register];
        yield { asm: `${op} ${register}, ${source}`, input: inRegister() };
      }
      yield { asm: `${op} ax, word ptr [${pointer}]`, input: inMemory() };
    }
  }
}

/** What a loaded segment lets a program do: read, write, at its ends and beyond. */
function* accesses(mode: CodeMode): Iterable<Case> {
  const segments = ['data16', 'constant', 'expandDown', 'executeOnly', 'code16', 'flat', 'expandDown32'];
  const offsets = [0x0ffc, 0x0fff, 0x1000, 0x1ffc, 0x1ffd, 0x2000, 0xfffc, 0xfffe];
  for (const name of segments) {
    for (const offset of offsets) {
      for (const access of [
        'mov ecx, dword ptr fs:[ebx]',
        'mov dword ptr fs:[ebx], ecx',
        'add byte ptr fs:[ebx], cl',
      ]) {
        const base = name === 'flat' || name === 'expandDown32' ? SCRATCH : 0;
        // What lies in the code area is not compared.
        if (name === 'code16' && access.includes('fs:[ebx], ')) continue;
        const input = new Input(mode).set('rbx', BigInt(base + offset)).set('rax', BigInt(ldtSelector(name)));
        yield { asm: `mov fs, ax; ${access}`, input, steps: 2 };
      }
    }
  }
}

/** RDFSBASE and kin. */
function* bases(): Iterable<Case> {
  const values = [0n, BigInt(SCRATCH), 0x1234_5678_9abcn, 0xffff_8000_0000_0000n, 0x0123_0000_0000_0000n];
  for (const segment of ['fs', 'gs']) {
    for (const [source, target] of [
      ['rax', 'rcx'],
      ['eax', 'rcx'],
      ['rax', 'r9d'],
      ['r12d', 'r12d'],
    ]) {
      for (const value of values) {
        const input = new Input().set('rax', value).set('r12', value);
        const steps = 2;
        yield { asm: `wr${segment}base ${source}; rd${segment}base ${target}`, input, steps };
      }
    }
    const based = new Input().set('rax', BigInt(SCRATCH)).set('rbx', 0x100n);
    yield { asm: `wr${segment}base rax; mov rcx, ${segment}:[rbx]`, input: based, steps: 2 };
    const away = new Input().set('rax', BigInt(SCRATCH)).set('rbx', BigInt(UNMAPPED - SCRATCH));
    yield { asm: `wr${segment}base rax; mov rcx, ${segment}:[rbx]`, input: away, steps: 2 };
    yield { asm: `mov ${segment}, cx; rd${segment}base rdx`, input: new Input().set('rcx', 0x0fn), steps: 2 };
  }
  // They are of 64-bit mode only.
  for (const mode of [32, 16] as const) {
    for (const extension of [0xc0, 0xc8, 0xd0, 0xd8])
      yield { asm: `.byte 0xf3, 0x0f, 0xae, ${extension}`, input: new Input(mode) };
  }
}

export function* segment(): Iterable<Case> {
  for (const mode of MODES) {
    yield* loads(mode);
    yield* stores(mode);
    yield* stack(mode);
    yield* farPointers(mode);
    yield* queries(mode);
    yield* accesses(mode);
  }
  yield* bases();
}
