/** x87 control, status and environment; FXSAVE and FXRSTOR. */

import { type Case, Input } from '../case.ts';
import { anyValue80, C1, C023, extended, FCW_DEFAULT, setStack, stackCase } from '../extended.ts';
import { AddressingCycle, DATA, memory, useAddressing } from '../operands.ts';
import { Random } from '../values.ts';
import { BOUNDARY, UNMAPPED } from './forms.ts';

/** Exception summary and busy, which follow from an unmasked exception flag. */
const ES_AND_B = 0x8080n;

/** What the manual does not define in an environment of 28 bytes: upper halves, and the last instruction. */
function undefinedEnvironment(address: number): [number, number][] {
  return [
    [address + 2, 2],
    [address + 6, 2],
    [address + 10, 18],
  ];
}

/** The same for the 14 bytes of a 16-bit environment. */
function undefinedShortEnvironment(address: number): [number, number][] {
  return [[address + 6, 8]];
}

function* words(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('fldcw');
  const extra = { undefinedFsw: C023 | C1 };
  for (const value of [0x37fn, 0x27fn, 0x07fn, 0xf7fn, 0x340n, 0x1f7fn, 0x0n]) {
    const form = cycle.next();
    const load = stackCase(`fldcw word ptr ${form.text}`, [extended(1)], random, FCW_DEFAULT, extra);
    memory(form, 16).assign(load.input, value);
    yield load;
    const store = stackCase(`fnstcw word ptr ${form.text}`, [extended(1)], random, value | 0x40n, extra);
    useAddressing(store.input, form);
    yield store;
  }
  // Unmasking an exception whose flag is set makes it pending.
  for (const [flags, value] of [
    [0x01n, 0x37en],
    [0x20n, 0x35fn],
    [0x3fn, 0x340n],
    [0x04n, 0x37en],
  ]) {
    const input = setStack(new Input(), [extended(1)], flags).set('rbx', BigInt(DATA));
    yield { asm: 'fldcw word ptr [rbx]', input: input.store(DATA, 16, value), ...extra };
  }
  for (let i = 0; i < 6; i++) {
    const form = cycle.next();
    const values = Array.from({ length: i + 1 }, () => anyValue80(random));
    yield stackCase('fnstsw ax', values, random, FCW_DEFAULT);
    const store = stackCase(`fnstsw word ptr ${form.text}`, values, random, FCW_DEFAULT);
    useAddressing(store.input, form);
    yield store;
  }
  for (const asm of ['fnstcw word ptr [rbx]', 'fldcw word ptr [rbx]', 'fnstsw word ptr [rbx]']) {
    yield { asm, input: new Input().set('rbx', BigInt(UNMAPPED - 1)) };
  }
}

/** With an exception pending: what waits for it faults, what does not goes on. */
function* pending(): Generator<Case> {
  const waiting = [
    'fwait',
    'fld1',
    'fadd st, st(1)',
    'fldcw word ptr [rbx]',
    'fldenv [rbx]',
    'fxch st(1)',
    'fnop',
    'fincstp',
    'fstp dword ptr [rbx]',
  ];
  const others = ['fnstsw ax', 'fnstcw word ptr [rbx]', 'fnclex', 'fninit', 'nop'];
  for (const asm of [...waiting, ...others]) {
    const input = setStack(new Input(), [extended(1), extended(2)], 0x01n | ES_AND_B).set('fcw', 0x37en);
    yield {
      asm,
      input: input.set('rbx', BigInt(DATA)),
      ...(asm === 'fnclex' ? { undefinedFsw: C023 | C1 } : {}),
    };
  }
  for (const asm of ['fwait', 'fnclex', 'fninit', 'fnop']) {
    const input = setStack(new Input(), [extended(1), extended(2)], 0x3fn).set('fcw', 0x77fn);
    yield { asm, input, undefinedFsw: asm === 'fninit' ? 0 : C023 | C1 };
  }
  // The exception of one instruction is reported by the next.
  for (const [asm, steps] of [
    ['fadd st, st(1); fwait', 2],
    ['fdiv st, st(1); fnstsw ax; fnclex; fwait', 4],
    ['fdivp st(1), st; fld1', 2],
  ] as [string, number][]) {
    for (const values of [
      [0x7fff_8000000000000456n, extended(1)],
      [extended(1), 0n],
      [extended(3), extended(5)],
    ]) {
      const input = setStack(new Input(), values).set('fcw', 0x37an);
      yield { asm, input, steps, undefinedFsw: C023, ...(asm.includes('ax') ? {} : {}) };
    }
  }
}

function* environments(): Generator<Case> {
  const random = new Random('fnstenv');
  for (const prefix of ['', 'data16 ']) {
    const area = prefix ? 14 : 28;
    const ignored = prefix ? undefinedShortEnvironment : undefinedEnvironment;
    for (const depth of [0, 1, 3, 8]) {
      const values = [
        0n,
        extended(1),
        0x7fff_8000000000000000n,
        1n,
        0x7fff_c000000000000123n,
        0x4000_4000000000000000n,
        extended(-2),
        0n,
      ].slice(0, depth);
      for (const op of ['fnstenv', 'fnsave']) {
        const test = stackCase(`${prefix}${op} [rbx]`, values, random, 0x77fn);
        test.input.set('rbx', BigInt(DATA));
        yield { ...test, undefinedMemory: ignored(DATA) };
      }
    }
    for (const op of ['fldenv', 'frstor']) {
      for (const [control, status, tags] of [
        [0x37fn, 0x0000n, 0xffffn],
        [0x27fn, 0x3800n, 0x3fffn],
        [0x77fn, 0x4d00n, 0x5a0fn],
        [0x37en, 0x0001n | ES_AND_B, 0xfff0n],
      ]) {
        const input = new Input().set('rbx', BigInt(DATA));
        const step = prefix ? 2 : 4;
        for (const [i, word] of [control, status, tags].entries()) input.store(DATA + step * i, 16, word);
        for (let i = step * 3; i < area; i += 2) input.store(DATA + i, 16, 0n);
        for (let i = 0; i < 8 && op === 'frstor'; i++)
          input.store(DATA + area + 10 * i, 80, anyValue80(random));
        yield { asm: `${prefix}${op} [rbx]`, input };
      }
      const beyond = new Input().set('rbx', BigInt(UNMAPPED - 8));
      yield { asm: `${prefix}${op} [rbx]`, input: beyond, anyFaultAddress: true };
    }
    const crossing = stackCase(`${prefix}fnsave [rbx]`, [extended(1), extended(2)], random, FCW_DEFAULT);
    crossing.input.set('rbx', BigInt(BOUNDARY - 50));
    yield { ...crossing, undefinedMemory: ignored(BOUNDARY - 50) };
    const faulting = { asm: `${prefix}fnstenv [rbx]`, input: new Input().set('rbx', BigInt(UNMAPPED - 8)) };
    yield { ...faulting, undefinedMemory: [[UNMAPPED - 8, 8]], anyFaultAddress: true };
  }
}

/** Reserved bytes of an FXSAVE image, the last instruction, and the mask of valid MXCSR bits. */
function undefinedImage(address: number): [number, number][] {
  const ranges: [number, number][] = [
    [address + 5, 19],
    [address + 28, 4],
    [address + 416, 96],
  ];
  for (let i = 0; i < 8; i++) ranges.push([address + 42 + 16 * i, 6]);
  return ranges;
}

function* images(): Generator<Case> {
  const random = new Random('fxsave');
  const area = DATA + 0x100;
  for (const op of ['fxsave', 'fxsave64']) {
    for (const depth of [0, 3, 8]) {
      const values = Array.from({ length: depth }, () => anyValue80(random));
      const test = stackCase(`${op} [rbx]`, values, random, 0x27fn, {
        undefinedMemory: undefinedImage(area),
      });
      test.input.set('rbx', BigInt(area)).set('mxcsr', 0x5fa1n);
      yield test;
    }
  }
  for (const op of ['fxrstor', 'fxrstor64']) {
    for (const mxcsr of [0x1f80n, 0xffffn & ~0x40n, 0x1_0000n]) {
      const input = new Input().set('rbx', BigInt(area));
      input
        .store(area, 16, 0xf7fn)
        .store(area + 2, 16, 0x2900n)
        .store(area + 4, 8, 0xa5n);
      for (let i = 5; i < 24; i++) input.store(area + i, 8, 0n);
      input.store(area + 24, 32, mxcsr);
      for (let i = 0; i < 8; i++) input.store(area + 32 + 16 * i, 80, anyValue80(random));
      yield { asm: `${op} [rbx]`, input };
    }
  }
  for (const asm of ['fxsave [rbx]', 'fxrstor [rbx]']) {
    for (const address of [area + 8, UNMAPPED]) {
      yield { asm, input: new Input().set('rbx', BigInt(address)), anyFaultAddress: true };
    }
  }
}

export function* x87Control(): Generator<Case> {
  yield* words();
  yield* pending();
  yield* environments();
  yield* images();
}
