/** XSAVE and its kin, VZEROUPPER and VZEROALL. What XCR0 has beside x87, SSE and AVX is not asked for. */
import { SCRATCH, type XmmRegister, type YmmHighRegister } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { C1, C023, extended, setStack } from '../extended.ts';
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

/** An image in memory as XSAVE leaves it; registers are what the data area is full of. `present` is XSTATE_BV. */
function storeImage(
  input: Input,
  present: bigint,
  { compacted = 0n, mxcsr = 0x3f80n, area = AREA } = {},
): Input {
  const store = (offset: number, bits: number, value: bigint): Input =>
    input.store(area + offset, bits, value);
  for (const [offset, bits, value] of [
    [0, 16, 0x77fn],
    [2, 16, 0x3000n],
    [4, 16, 0xc1n],
    [6, 144, 0n],
    [24, 32, mxcsr],
    [512, 64, present],
    [520, 64, compacted],
    [528, 384, 0n],
  ] as const)
    store(offset, bits, value);
  return input;
}

function* saves(mode: 64 | 32): Iterable<Case> {
  const [pointer, ops] =
    mode === 64
      ? ['rbx', ['xsave', 'xsave64', 'xsaveopt', 'xsaveopt64', 'xsavec']]
      : ['ebx', ['xsave', 'xsaveopt', 'xsavec']];
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

/** Where an image is that brings components into their initial configuration. */
const SOURCE = SCRATCH + 0x1000;

/** After XRSTOR, so that it is known which components are in use: what each instruction writes of the others. */
function* partial(): Iterable<Case> {
  for (const op of ['xsave', 'xsaveopt', 'xsavec']) {
    for (const present of [0n, 1n, 2n, 3n, 4n, 6n, 7n]) {
      for (const mask of [7, 2, 4]) {
        for (const mxcsr of [0x1f80n, 0x3f80n]) {
          const input = storeImage(inputOf(64, 7), present, { mxcsr, area: SOURCE });
          input.set('rcx', BigInt(mask)).set('rsi', BigInt(SOURCE)).store(HEADER, 64, 0xfn);
          const asm = `xrstor [rsi]; mov eax, ecx; ${op} [rbx]`;
          yield { asm, input, steps: 3, undefinedMemory: [POINTERS] };
        }
      }
    }
  }
  for (const present of [0n, 1n, 2n, 4n, 7n]) {
    const input = storeImage(inputOf(64, 7), present, { mxcsr: 0x1f80n, area: SOURCE });
    input.set('rcx', 1n).set('rsi', BigInt(SOURCE));
    yield { asm: 'xrstor [rsi]; xgetbv; and eax, 7', input, steps: 3 };
  }
}

/** Images in the compacted format. */
function* compacted(): Iterable<Case> {
  const format = 1n << 63n;
  for (const [present, components] of [
    [7n, 7n],
    [3n, 3n],
    [5n, 7n],
    [0n, 7n],
    [2n, 2n],
    [4n, 4n],
    [7n, 3n],
    [0n, 0n],
    [1n, 0x101n],
  ]) {
    for (const mask of MASKS) {
      const image = storeImage(inputOf(64, mask), present, { compacted: format | components });
      yield { asm: 'xrstor [rbx]', input: image };
    }
  }
  const reserved = storeImage(inputOf(64, 7), 7n, { compacted: format | 7n }).store(HEADER + 40, 64, 1n);
  yield { asm: 'xrstor [rbx]', input: reserved };
  // Only where it is loaded MXCSR counts. (A bad one that is loaded leaves the other components half loaded.)
  const mxcsr = { compacted: format | 7n, mxcsr: 0x1_1f80n };
  yield { asm: 'xrstor [rbx]', input: storeImage(inputOf(64, 7), 5n, mxcsr) };
  yield { asm: 'xrstor [rbx]', input: storeImage(inputOf(64, 4), 7n, mxcsr) };
  // Supervisor state is the kernel's.
  for (const mode of [64, 32] as const)
    for (const op of ['xsaves', 'xrstors'])
      yield { asm: `${op} [${mode === 64 ? 'rbx' : 'ebx'}]`, input: inputOf(mode, 7) };
}

/** FIP, FDP and FOP in an environment and in an image, of an instruction with a memory operand and of one that has raised something. */
function* pointers(): Iterable<Case> {
  const reserved: [number, number][] = [2, 6, 10].map((offset) => [AREA + offset, 2]);
  for (const mode of [64, 32] as const) {
    const [data, area] = mode === 64 ? ['rsi', 'rbx'] : ['esi', 'ebx'];
    const before = [
      `fld dword ptr [${data}]`,
      `fld dword ptr [${data}]; fldz; fdivp`,
      `fld dword ptr [${data}]; fldcw word ptr [${data}+4]`,
      `nop; fld1; fadd qword ptr [${data}+8]`,
      'fninit',
    ];
    const after = ['fnstenv', 'fnsave', 'fxsave', ...(mode === 64 ? ['fxsave64'] : [])];
    for (const first of before) {
      for (const last of after) {
        for (const fcw of [0x37fn, 0x37bn]) {
          const input = new Input(mode).set('fcw', fcw).set('rbx', BigInt(AREA)).set('rsi', BigInt(SOURCE));
          input
            .store(SOURCE, 32, 0x3fc0_0000n)
            .store(SOURCE + 4, 16, 0x27fn)
            .store(SOURCE + 8, 64, 0n);
          const asm = `${first}; ${last} [${area}]`;
          const isEnvironment = last.startsWith('fn');
          const extra = isEnvironment ? { undefinedMemory: reserved } : {};
          yield { asm, input, steps: asm.split(';').length, undefinedFsw: C023 | C1, ...extra };
        }
      }
    }
  }
}

/** Registers of both halves, to and fro. */
function* roundTrips(): Iterable<Case> {
  for (const save of ['xsave', 'xsaveopt', 'xsavec']) {
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
  yield* pointers();
  yield* partial();
  yield* compacted();
  yield* roundTrips();
  yield* zeros();
}
