/** Rows of the instruction table that no other family has in a mode. */
import { type CodeMode, SCRATCH, segmentBases, type XmmRegister } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { C0, C1, C3, C023, extended, LAST_PLACE, setStack } from '../extended.ts';
import { joinLanes } from '../lanes.ts';
import { AF, CF, OF, PF, Random, SF, STATUS_FLAGS } from '../values.ts';

const AREA = SCRATCH + 0x400;
/** Last instruction and operand of an FXSAVE or XSAVE image. */
const POINTERS: [number, number] = [AREA + 6, 18];

/** Instructions of 64-bit mode, in which a register says which row it is. */
const ONLY_64 = [
  'mov al, 0x11; mov bl, 0x22',
  'mov ebp, 0x12345678',
  'xchg eax, edx',
  'xchg eax, ebp',
  'xchg rax, rsi',
  '.byte 0x0f, 0x18, 0xc1',
  '.byte 0x0f, 0x0d, 0xc1',
  ...[0x1a, 0x1b, 0x1d, 0x1e].map((byte) => `.byte 0x0f, ${byte}, 0xc1`),
  '.byte 0xf6, 0xc8, 0x85',
  '.byte 0xf7, 0xc9, 1, 2, 3, 0x84',
  'pextrw eax, xmm1, 3',
  '.byte 0x66, 0x0f, 0x3a, 0x15, 0xc8, 5',
  '.byte 0xc4, 0xe3, 0x79, 0x15, 0xc8, 6',
  'vmaskmovdqu xmm1, xmm2',
  'vldmxcsr [rbx]',
  'vstmxcsr [rbx]',
];

/** /6 of the shifts is SHL. */
const SHIFTS_64 = ['0xc0, 0xf0, 3', '0xc1, 0xf0, 3', '0xd0, 0xf0', '0xd1, 0xf0', '0xd2, 0xf0', '0xd3, 0xf0'];
const MMX_64 = ['pabsw', 'pabsd', 'phaddd', 'phaddsw', 'phsubw', 'phsubd', 'psignw', 'psignd'];
const X87_64 = ['.byte 0xdf, 0xc2', '.byte 0xdb, 0xe0', '.byte 0xdb, 0xe1', '.byte 0xdb, 0xe4'];

/** Code of 32 and 16 bits: what names the stack pointer, and what has no operands to be drawn. */
const LEGACY: readonly [asm: string, steps: number][] = [
  ...['mov ah, 1', 'mov ch, 2', 'mov dh, 3', 'mov bh, 4'].map((asm): [string, number] => [asm, 1]),
  ['mov esp, 0x12345678', 1],
  ['xchg eax, esp', 1],
  ['bswap esp', 1],
  ['push esp', 1],
  ['push sp', 1],
  ['pop esp', 1],
  ['inc esp', 1],
  ['dec esp', 1],
  ['inc sp', 1],
  ['dec sp', 1],
  ['xor ecx, ecx; xgetbv; and eax, 7', 3],
  ['xor eax, eax; cpuid; mov eax, 0; mov ebx, 0; mov ecx, 0; mov edx, 0', 6],
  ['rdtsc; mov eax, 0; mov edx, 0', 3],
  ['rdtscp; mov eax, 0; mov edx, 0; mov ecx, 0', 4],
  ['rdpid eax; mov eax, 0', 2],
  ['rdrand eax; mov eax, 0', 2],
  ['rdseed ax; mov ax, 0', 2],
  ['.byte 0x0f, 0xff, 0xc0', 1],
  ['.byte 0x0f, 0xb9, 0xc0', 1],
  ['ud2', 1],
];

/** With a pointer at an area that is aligned to 64 bytes. */
function inputOf(mode: CodeMode): Input {
  const data = BigInt(AREA - segmentBases(mode).data);
  return new Input(mode)
    .set('rbx', data)
    .set('rsi', data)
    .set('rdi', data + 0x100n);
}

function withStack(mode: CodeMode): Input {
  return setStack(inputOf(mode), [0.75, 0.5, -2].map(extended)).set('fcw', 0x37fn);
}

function* only64(): Iterable<Case> {
  for (const asm of ONLY_64)
    yield { asm, input: inputOf(64).store(AREA, 32, 0x1fa0n), steps: asm.split(';').length };
  for (const bytes of SHIFTS_64)
    yield { asm: `.byte ${bytes}`, input: inputOf(64).set('rcx', 5n), undefined: OF | AF };
  for (const op of ['movsb', 'movsw', 'stosb', 'stosq', 'lodsb', 'lodsd'])
    yield { asm: `repne ${op}`, input: inputOf(64).set('rcx', 3n) };
  for (const op of MMX_64) yield { asm: `${op} mm1, mm2`, input: withStack(64), undefinedFsw: C023 | C1 };
  // A conversion that raises #XM has made the x87 registers valid, if it has one of them.
  const conversions = ['cvtpi2ps xmm1, mm7', 'cvtpi2ps xmm1, qword ptr [rbx]', 'cvtps2pi mm1, xmm2'];
  for (const asm of [...conversions, 'cvttps2pi mm1, [rbx+0x2000]', 'cvttpd2pi mm1, xmm2']) {
    const input = setStack(inputOf(64), [(0x3fffn << 64n) | 0x8765_4321_0765_4321n]).set('mxcsr', 0x0f80n);
    input.set('xmm2', joinLanes([0x3fc0_0001n, 0x3f80_0001n], 'f32')).store(AREA, 64, 0x0123_4567_0765_4321n);
    yield { asm, input };
  }
  for (const asm of X87_64) yield { asm, input: withStack(64), undefinedFsw: C023 };
}

/** POPF, and bit scans of a word with a bit. */
function* flags(mode: CodeMode): Iterable<Case> {
  const top = SCRATCH + 0x1800;
  for (const asm of ['.byte 0x9d', '.byte 0x66, 0x9d'])
    for (const image of [0n, BigInt(STATUS_FLAGS), 0x3600n, 0x24_0602n])
      yield { asm, input: inputOf(mode).store(top, 32, image) };
  for (const op of ['bsf', 'bsr'])
    for (const registers of ['ecx, edx', 'cx, dx']) {
      const input = inputOf(mode).set('rcx', 0n).set('rdx', 0x0001_4000n);
      yield { asm: `${op} ${registers}`, input, undefined: CF | OF | SF | AF | PF };
    }
}

const FUNCTIONS = ['f2xm1', 'fyl2x', 'fptan', 'fpatan', 'fyl2xp1', 'fsincos', 'fscale', 'fsin', 'fcos'];

function* x87(mode: CodeMode): Iterable<Case> {
  const pointer = mode === 32 ? 'ebx' : 'bx';
  for (const asm of FUNCTIONS)
    yield { asm, input: withStack(mode), undefinedFsw: C0 | C1 | C3, tolerance: LAST_PLACE };
  const environment = (input: Input): Input => {
    for (let offset = 0; offset < 28; offset += 4) input.store(AREA + offset, 32, 0xffff_0000n);
    return input
      .store(AREA, 16, 0x27fn)
      .store(AREA + 4, 16, 0x1800n)
      .store(AREA + 8, 16, 0x5555n);
  };
  yield {
    asm: `fldcw word ptr [${pointer}]`,
    input: withStack(mode).store(AREA, 16, 0x27fn),
    undefinedFsw: C023 | C1,
  };
  // The form of 32 bits, of which the upper halves and the last instruction are not defined.
  const prefix = mode === 16 ? '.byte 0x66; ' : '';
  yield { asm: `${prefix}.byte 0xd9; .byte ${mode === 16 ? 0x27 : 0x23}`, input: environment(inputOf(mode)) };
  yield { asm: `${prefix}.byte 0xdd; .byte ${mode === 16 ? 0x27 : 0x23}`, input: environment(inputOf(mode)) };
  const undefinedMemory: [number, number][] = [2, 6, 10].map((at) => [AREA + at, at === 10 ? 18 : 2]);
  for (const opcode of [0xd9, 0xdd])
    yield {
      asm: `${prefix}.byte ${opcode}; .byte ${mode === 16 ? 0x37 : 0x33}`,
      input: withStack(mode),
      undefinedMemory,
    };
  const saved = withStack(mode)
    .set('rax', 7n)
    .set('rdx', 0n)
    .store(AREA + 512, 512, 0n);
  for (const op of ['fxsave', ...(mode === 16 ? ['xsave', 'xsaveopt', 'xsavec'] : [])])
    yield { asm: `${op} [${pointer}]`, input: saved, undefinedMemory: [POINTERS] };
  if (mode === 16) for (const op of ['xsaves', 'xrstors']) yield { asm: `${op} [bx]`, input: saved };
  for (const op of ['fxrstor', ...(mode === 16 ? ['xrstor'] : [])]) {
    const input = withStack(mode).set('rax', 7n).set('rdx', 0n).store(AREA, 192, 0x37fn);
    input.store(AREA + 24, 32, 0x1f80n).store(AREA + 512, 512, 2n);
    yield { asm: `${op} [${pointer}]`, input };
  }
}

function* vectors(mode: CodeMode): Iterable<Case> {
  const random = new Random(`vectors ${mode}`);
  const pointer = mode === 32 ? 'ebx' : 'bx';
  const approximate = { tolerance: 3 * 2 ** -12, lanes: 'f32' as const };
  // 1.5, 3, 0.1 and 1e10.
  const numbers = joinLanes([0x3fc0_0000n, 0x4040_0000n, 0x3dcc_cccdn, 0x5015_02f9n], 'f32');
  for (const op of ['rcpps', 'rcpss', 'rsqrtps', 'rsqrtss']) {
    const input = inputOf(mode).set('xmm1', random.bits(128)).set('xmm2', numbers);
    yield { asm: `${op} xmm1, xmm2`, input, ...approximate };
    const operands = op.endsWith('ss') ? 'xmm1, xmm3, xmm2' : 'xmm1, xmm2';
    yield { asm: `v${op} ${operands}`, input, ...approximate };
  }
  yield { asm: `ldmxcsr [${pointer}]`, input: inputOf(mode).store(AREA, 32, 0x3fa5n) };
  for (const op of [
    'vpgatherdd',
    'vpgatherdq',
    'vpgatherqd',
    'vpgatherqq',
    'vgatherdps',
    'vgatherdpd',
    'vgatherqps',
    'vgatherqpd',
  ]) {
    const input = inputOf(mode).set('xmm2', 0x0000_0001_0000_0000_0000_0000_0000_0008n);
    for (const name of ['xmm1', 'xmm3'] as XmmRegister[])
      input.set(name, (1n << 127n) | (1n << 63n) | (1n << 31n));
    yield { asm: `${op} xmm1, [ebx+xmm2*2], xmm3`, input };
  }
}

export function* rows(): Iterable<Case> {
  yield* only64();
  for (const mode of [32, 16] as const) {
    for (const [asm, steps] of LEGACY) yield { asm, input: inputOf(mode), steps };
    yield* flags(mode);
    yield* x87(mode);
    yield* vectors(mode);
  }
}
