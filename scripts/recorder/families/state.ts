/** XSAVE, XSAVEOPT and XRSTOR, VZEROUPPER and VZEROALL. What XCR0 has beside x87, SSE and AVX is not asked for. */
import { SCRATCH, type XmmRegister, type YmmHighRegister } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { extended, setStack } from '../extended.ts';
import { Random } from '../values.ts';
import { UNMAPPED } from './forms.ts';

/** Aligned to 64 bytes, as these instructions want it. */
const AREA = SCRATCH + 0x400;
const HEADER = AREA + 512;
/** FOP, FIP and FDP. */
const POINTERS: [number, number] = [AREA + 6, 18];
/** Nothing, each component, and some together. */
const MASKS = [0, 1, 2, 3, 4, 6, 7];

/** With every component in use. */
function inputOf(mode: 64 | 32, mask: number): Input {
  const input = setStack(new Input(mode), [extended(1.5), extended(-3), extended(1e10)]);
  input.set('fcw', 0x27fn).set('mxcsr', 0x1fa1n);
  return input.set('rbx', BigInt(AREA)).set('rax', BigInt(mask)).set('rdx', 0n);
}

/** An image in memory as XSAVE leaves it. `present` is XSTATE_BV. */
function storeImage(input: Input, present: bigint, { compacted = 0n, mxcsr = 0x3f80n } = {}): Input {
  const random = new Random(`image ${present}`);
  const store = (offset: number, bits: number, value: bigint): Input =>
    input.store(AREA + offset, bits, value);
  store(0, 16, 0x77fn)
    .store(AREA + 2, 16, 0x3000n)
    .store(AREA + 4, 16, 0xc1n)
    .store(AREA + 6, 144, 0n);
  store(24, 32, mxcsr);
  for (let i = 0; i < 8; i++) store(32 + 16 * i, 80, extended(i + 0.25));
  for (let i = 0; i < 16; i++)
    store(160 + 16 * i, 128, random.bits(128)).store(AREA + 576 + 16 * i, 128, random.bits(128));
  return input
    .store(HEADER, 64, present)
    .store(HEADER + 8, 64, compacted)
    .store(HEADER + 16, 384, 0n);
}

function* saves(mode: 64 | 32): Iterable<Case> {
  const [pointer, ops] =
    mode === 64 ? ['rbx', ['xsave', 'xsave64', 'xsaveopt', 'xsaveopt64']] : ['ebx', ['xsave', 'xsaveopt']];
  for (const op of ops) {
    for (const mask of MASKS) {
      const input = inputOf(mode, mask).store(HEADER, 64, 5n);
      yield { asm: `${op} [${pointer}]`, input, undefinedMemory: [POINTERS] };
    }
    for (const address of [AREA + 8, UNMAPPED, UNMAPPED - 0x300, UNMAPPED - 0x240]) {
      const input = inputOf(mode, 7).set('rdx', 0n);
      input.registers.set('rbx', BigInt(address));
      yield { asm: `${op} [${pointer}]`, input, anyFaultAddress: true };
    }
  }
}

function* restores(mode: 64 | 32): Iterable<Case> {
  const [pointer, ops] = mode === 64 ? ['rbx', ['xrstor', 'xrstor64']] : ['ebx', ['xrstor']];
  for (const op of ops) {
    const asm = `${op} [${pointer}]`;
    for (const mask of MASKS)
      for (const present of [7n, 0n, 5n, 2n]) yield { asm, input: storeImage(inputOf(mode, mask), present) };
    yield { asm, input: storeImage(inputOf(mode, 7), 0x107n) };
    yield { asm, input: storeImage(inputOf(mode, 7), 7n, { mxcsr: 0x1_1f80n }) };
    yield { asm, input: storeImage(inputOf(mode, 1), 7n, { mxcsr: 0x1_1f80n }) };
    yield { asm, input: storeImage(inputOf(mode, 7), 7n, { compacted: 1n }) };
    yield { asm, input: storeImage(inputOf(mode, 7), 7n).store(HEADER + 16, 64, 1n) };
    for (const address of [AREA + 16, UNMAPPED]) {
      const input = inputOf(mode, 7);
      input.registers.set('rbx', BigInt(address));
      yield { asm, input, anyFaultAddress: true };
    }
  }
}

/** Registers of both halves, to and fro. */
function* roundTrips(): Iterable<Case> {
  for (const save of ['xsave', 'xsaveopt']) {
    const input = inputOf(64, 7).store(HEADER, 512, 0n);
    const asm = `${save} [rbx]; fninit; vzeroall; xrstor [rbx]`;
    yield { asm, input, steps: 4, undefinedMemory: [POINTERS] };
  }
}

function* zeros(): Iterable<Case> {
  const random = new Random('vzeroall');
  for (const mode of [64, 32, 16] as const) {
    for (const asm of ['vzeroupper', 'vzeroall']) {
      const input = new Input(mode);
      for (let i = 0; i < 8; i++)
        input
          .set(`xmm${i}` as XmmRegister, random.bits(128))
          .set(`ymmh${i}` as YmmHighRegister, random.bits(128));
      yield { asm, input };
    }
    // VEX.vvvv is reserved.
    yield { asm: '.byte 0xc5, 0xf0, 0x77', input: new Input(mode) };
  }
}

export function* state(): Iterable<Case> {
  for (const mode of [64, 32] as const) {
    yield* saves(mode);
    yield* restores(mode);
  }
  yield* roundTrips();
  yield* zeros();
}
