/** Rounds of AES in regions: vectors that stay in columns from one to the next are there wherever something else looks at them. */
import { expect, it } from 'vitest';
import { MXCSR, XCR0, YMM } from '../../src/layout/cpu-state.ts';
import { CPU_STATE } from '../../src/layout/linear-memory.ts';
import { createTieredMachine, ROUNDS, runToHalt } from '../code-cache/tiered-machine.ts';
import { assemble } from '../support/assembler.ts';
import { BACK_ENDS } from '../support/back-ends.ts';
import { CODE, DATA, PAGE_DIRECTORY, STACK, type SystemMachine } from './system-machine.ts';

/** All exceptions masked, PE set. */
const MXCSR_ROUNDED = 0x1fa0;
/** Instructions of a slice: regions end theirs between blocks, those of many instructions in the middle, too. */
const SLICES = { interpreter: [1], compiled: [3, 90] };
/** More than a region asks its budget for at once. */
const MANY = 'nop; '.repeat(70);
const RBX = 3;
const RSP = 4;
const REGISTERS = 4;
/** Two numbers that are not ordinary. */
const DENORMAL = DATA + 0x200;
const CR4_OSXSAVE = 1n << 18n;
/** What is behind the last page that is mapped. */
const UNMAPPED = 0x40_0000;

/** Where a page of code is that is put in the place of another. */
const FAR = 0x1_8000;
const FAR_COPY = 0x1_a000;
const PAGE_TABLE = 0x7000;

/** Maps the first 2 MiB, of which `FAR` may be elsewhere. */
function mapPages(machine: SystemMachine, far: number): void {
  for (let page = 0; page < 512; page++)
    machine.write64(PAGE_TABLE + page * 8, BigInt((page === FAR >> 12 ? far : page << 12) | 7));
  machine.write64(PAGE_DIRECTORY, BigInt(PAGE_TABLE | 7));
  machine.processor.runtime.flushTlb(1);
}

type CompiledOrNot = keyof typeof SLICES;

/**
 * What a tier leaves behind in a run with data at `rbx`, after runs with others, and after each slice of some more.
 * @param before that run.
 */
function results(tier: CompiledOrNot, code: string, rbx: number, before?: (machine: SystemMachine) => void) {
  const tiered = createTieredMachine(tier, undefined, BACK_ENDS.writer);
  const { machine } = tiered;
  const { processor } = machine;
  mapPages(machine, FAR);
  machine.write(FAR, [...assemble('aesenc xmm0,xmm2; hlt', FAR)]);
  machine.write(FAR_COPY, [...assemble('aesdec xmm0,xmm3; hlt', FAR)]);
  processor.setU64(XCR0, 7n);
  machine.setCr4(CR4_OSXSAVE);
  machine.write(CODE, [...assemble(code, CODE), 0xf4]);
  const bytes = Array.from({ length: 256 }, (_, i) => (i * 37 + 11) & 0xff);
  machine.write(DATA, bytes);
  machine.write(DENORMAL, [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  machine.write(UNMAPPED - 256, bytes);
  let begun = 0;
  const prepare = (pointer: number): void => {
    begun = processor.instructions;
    for (let register = 0; register < REGISTERS; register++) {
      for (let i = 0; i < 32; i++)
        processor.views.u8[CPU_STATE + YMM + 32 * register + i] = 16 * register + i;
    }
    processor.setGpr(RBX, BigInt(pointer));
    processor.setGpr(RSP, STACK);
    processor.setU32(MXCSR, MXCSR_ROUNDED);
    processor.rip = BigInt(CODE);
  };
  const state = () => ({
    rip: processor.rip,
    executed: processor.instructions - begun,
    mxcsr: processor.u32(MXCSR),
    vectors: Array.from({ length: REGISTERS }, (_, register) => {
      const at = CPU_STATE + YMM + 32 * register;
      return [...processor.views.u8.slice(at, at + 32)];
    }),
  });
  for (let round = 0; round < ROUNDS; round++) {
    prepare(DATA);
    runToHalt(tiered);
  }
  const { regions } = tiered.tiering.statistics;
  before?.(machine);
  prepare(rbx);
  runToHalt(tiered);
  const end = state();
  const states: (typeof end)[] = [];
  for (const slice of SLICES[tier]) {
    prepare(DATA);
    while (processor.run(slice) === 'budget') states.push(state());
  }
  return { regions, end, states };
}

const LOOP = 'mov ecx,5; movdqu xmm0,XMMWORD PTR [rbx]; top: aesenc xmm0,xmm1; dec ecx; jne top';

/** What the code is, and where its data begin if they are not all there in the last run. */
it.each<[string, string, number?]>([
  ['where the block ends', 'aesenc xmm0,xmm1; aesdec xmm0,xmm2'],
  ['behind a loop', `${LOOP}; aesenclast xmm0,xmm2`],
  ['behind a loop that something else reads them behind', `${LOOP}; paddb xmm2,xmm0`],
  [
    'in a loop that is entered with other values',
    'mov ecx,9; movdqa xmm0,xmm3; again: paddb xmm0,xmm2; top: aesenc xmm0,xmm1; dec ecx; je done; test cl,1; je again; jmp top; done: paddb xmm2,xmm0',
  ],
  [
    'in a loop that writes them in between',
    'mov ecx,4; top: aesenc xmm0,xmm1; pxor xmm0,xmm2; dec ecx; jne top',
  ],
  ['of two registers in a loop', 'mov ecx,4; top: aesenc xmm0,xmm1; aesdec xmm1,xmm0; dec ecx; jne top'],
  [
    'in a block that only one leads to',
    'aesenc xmm0,xmm1; cmp ebx,0; je other; aesdeclast xmm0,xmm2; other: aesenc xmm1,xmm0',
  ],
  ['behind an indirect jump', 'aesenc xmm0,xmm1; lea rax,[rip+next]; jmp rax; next: aesenc xmm0,xmm0'],
  [
    'where a slice may end in the middle of a region',
    `aesenc xmm0,xmm1; ${MANY} jmp next; next: aesenc xmm0,xmm2; ${MANY}`,
  ],
  ['as a key', 'aesenc xmm0,xmm1; aesenc xmm2,xmm0; aesenc xmm2,xmm0'],
  ['as the source of a key', 'aesenc xmm0,xmm1; aeskeygenassist xmm2,xmm0,27'],
  ['in part', 'aesenc xmm0,xmm1; movhlps xmm1,xmm0; movlps xmm0,QWORD PTR [rbx]; aesenc xmm0,xmm2'],
  ['before an instruction that no region has', 'aesenc xmm0,xmm1; cpuid; aesenc xmm0,xmm2'],
  [
    'where a key is not there',
    'aesenc xmm0,XMMWORD PTR [rbx]; aesenc xmm0,XMMWORD PTR [rbx+16]; aesdec xmm0,XMMWORD PTR [rbx+32]',
    UNMAPPED - 16,
  ],
  [
    'where a key of the next block is not there',
    'aesenc xmm0,XMMWORD PTR [rbx]; jmp next; next: aesenc xmm0,XMMWORD PTR [rbx+16]',
    UNMAPPED - 16,
  ],
  [
    'where a key is not there in a loop',
    'mov ecx,5; top: movdqa xmm1,XMMWORD PTR [rbx]; add rbx,16; aesenc xmm0,xmm1; dec ecx; jne top',
    UNMAPPED - 48,
  ],
  [
    'before numbers that are not ordinary',
    'movdqu xmm3,XMMWORD PTR [rbx]; aesenc xmm0,xmm1; addpd xmm3,xmm3; aesenc xmm1,xmm2',
    DENORMAL,
  ],
  [
    'among numbers that are not ordinary',
    'movdqu xmm3,XMMWORD PTR [rbx]; addpd xmm3,xmm3; aesenc xmm0,xmm1; paddb xmm2,xmm0; addpd xmm3,xmm3',
    DENORMAL,
  ],
  [
    'that is no ordinary number',
    'movdqa xmm1,xmm0; pxor xmm2,xmm2; aesenc xmm1,xmm2; pxor xmm1,XMMWORD PTR [rbx]; addpd xmm3,xmm0; mov DWORD PTR [rsp-0x8],eax; aesenc xmm0,xmm1; addpd xmm3,xmm0',
    DENORMAL,
  ],
  [
    'behind an indirect jump to elsewhere',
    `lea rax,[rip+next]; lea rcx,[rip+other]; cmp ebx,${DATA}; cmovne rax,rcx; aesenc xmm0,xmm1; jmp rax; other: paddb xmm1,xmm0; next: aesenc xmm0,xmm2`,
    DENORMAL,
  ],
  [
    'behind a return',
    'aesenc xmm0,xmm1; call next; paddb xmm1,xmm0; jmp done; next: aesenc xmm0,xmm2; ret; done: nop',
  ],
  ['of AVX', 'vaesenc xmm0,xmm3,xmm2; vaesenc xmm0,xmm0,xmm2; vaesdec xmm1,xmm0,xmm2; vpxor xmm2,xmm0,xmm1'],
  [
    'of two lanes',
    'vaesenc ymm0,ymm1,ymm2; vaesdec ymm0,ymm0,ymm3; aesenc xmm0,xmm1; vaesenclast ymm0,ymm0,ymm1',
  ],
])('columns are a vector %s', (_where, code, rbx = DATA) => {
  const compiled = results('compiled', code, rbx);
  expect(compiled.regions).toBeGreaterThan(0);
  const interpreted = results('interpreter', code, rbx);
  expect(compiled.end).toEqual(interpreted.end);
  const byCount = new Map(interpreted.states.map((state) => [state.executed, state]));
  for (const state of compiled.states) expect(state).toEqual(byCount.get(state.executed));
});

it('columns are a vector where the next page of code is another than it was', () => {
  const code = `aesenc xmm0,xmm1; jmp ${FAR}`;
  const exchange = (machine: SystemMachine): void => mapPages(machine, FAR_COPY);
  const compiled = results('compiled', code, DATA, exchange);
  expect(compiled.regions).toBeGreaterThan(0);
  expect(compiled.end).toEqual(results('interpreter', code, DATA, exchange).end);
});
