/** Flags of regions are worked out where they are needed: what sets them is kept until then. */
import { describe, expect, it } from 'vitest';
import { flagEffects } from '../../../src/compile/flags/effects.ts';
import { allVariants } from '../../../src/isa/instruction-set.ts';
import { FLAGS_READ, FLAGS_REPLACED } from '../../../src/layout/flag-effects.ts';
import { createTieredMachine } from '../../code-cache/tiered-machine.ts';
import { CODE } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';
import { BACK_ENDS } from '../../support/back-ends.ts';

const VARIANTS = allVariants();

/** RAX, RBX and CL are different in each round; RSI is below a page boundary, so that an access leaves to its handler. */
const loop = (operation: string, look: string, number: number): string =>
  `
  mov r12d,24
  again: add rbx,rax
  mov rcx,rbx
  rorx rcx,rcx,61
  ${operation}
  ${look}
  lea rax,[rax+rax*2+5]
  lea r12d,[r12-1]
  test r12d,r12d
  jne again
  `.replaceAll(/\b(again|less|equal|below|over|done)\b/g, `$1${number}`);

/** EFLAGS but for AF, which shifts and products leave undefined. */
const LEAVE = `
  mov edx,DWORD PTR [rsi]
  pushfq
  pop rdx
  and edx,0xcc5
  add rbp,rdx
  rorx rbp,rbp,3
`;

/** Conditions in blocks that are behind each other, the last ones behind a way out. */
const BRANCHES = `
  jl less
  je equal
  jbe below
  setp dl
  lea rbp,[rbp+rdx*2+1]
  jmp done
  less: jo over
  setbe dl
  lea rbp,[rbp*8+3]
  jmp done
  over: lea rbp,[rbp+rbp*2+9]
  mov edx,DWORD PTR [rsi]
  jne done
  below: adc rbp,rax
  jmp done
  equal: lea rbp,[rbp*4+7]
  done:
`;

const OPERATIONS = [
  ...['add', 'sub', 'cmp', 'adc', 'sbb'].flatMap((name) => [
    `${name} rax,rbx`,
    `${name} eax,ebx`,
    `${name} al,bl`,
  ]),
  'and ebx,eax',
  ...['inc', 'dec', 'neg', 'mul', 'imul'].map((name) => `cmp rax,rbx; ${name} ebx`),
  'imul rax,rbx',
  'imul eax,ebx,1000',
  'sub ebx,eax; shl eax,cl',
  'add bl,al; sar al,cl',
  'cmp ebx,eax; ror ebx,cl',
  'sub ebx,eax; rcl ebx,1',
  ...['shl', 'shr', 'sar', 'rol', 'ror'].flatMap((name) => [
    `add rbx,rax; ${name} rax,1`,
    `cmp bl,al; ${name} bx,1`,
  ]),
  // Edges, and carries that make the difference.
  ...['inc', 'dec'].flatMap((name) =>
    ['0x80000000', '0x7fffffff', '0xffffffff', '0x1', '0x0'].map((edge) => `mov ebx,${edge}; ${name} ebx`),
  ),
  'mov ebx,0xffffffff; stc; adc ebx,ebx',
  'mov bl,0x80; stc; sbb bl,0x80',
  'cmp rax,rbx; rol eax,1; ror ebx,1; shl eax,cl; dec ebx; bt rbx,7; inc eax; bt rax,9; rol rbx,1',
  'cmp eax,ebx; shl eax,cl; shr ebx,cl; cmc; ror eax,1',
];

/** What has become of the registers, and how many regions there were. */
function run(tier: 'interpreter' | 'compiled', code: readonly number[], slice: number) {
  let regions = 0;
  const { machine, tiering } = createTieredMachine(tier, undefined, (sources) => {
    regions += sources.length;
    return BACK_ENDS.writer(sources);
  });
  const { processor } = machine;
  machine.write(CODE, [...code]);
  processor.rip = BigInt(CODE);
  while (processor.run(slice) !== 'halt') tiering.poll();
  const registers = Array.from({ length: 16 }, (_, register) => processor.gpr(register));
  return { regions, state: { registers, flags: processor.flags, instructions: processor.instructions } };
}

/** One of each kind of source. */
const KINDS = [
  'add rax,rbx',
  'sub eax,ebx',
  'cmp al,bl',
  'adc ebx,eax',
  'sbb rax,rbx',
  'and ebx,eax',
  'mov ebx,0xffffffff; inc ebx',
  'mov ebx,0x1; dec ebx',
  'imul eax,ebx,1000',
  'add rbx,rax; shl rax,1',
  'add rbx,rax; sar eax,cl',
  'cmp bl,al; ror bx,1',
  'cmp eax,ebx; bt eax,7',
];

describe('flags of a region', () => {
  it.each([
    { where: 'leaves for a handler', look: LEAVE, operations: OPERATIONS },
    { where: 'goes on in other blocks', look: BRANCHES, operations: KINDS },
  ])('are right where it $where', ({ look, operations }) => {
    const start = 'mov rsi,0x200fff; mov rax,0x123456789abcdef0; mov rbx,0x8000000000000003\n';
    const loops = operations.map((operation, number) => loop(operation, look, number));
    const code = [...assemble(`${start}${loops.join('')}hlt`, CODE)];
    const { state } = run('interpreter', code, 100_000);
    const compiled = run('compiled', code, 101);
    expect(compiled.state).toEqual(state);
    expect(compiled.regions).toBeGreaterThanOrEqual(operations.length);
  });

  it('are not read by a shift by a constant, unless that is zero', () => {
    const shift = VARIANTS.find(
      ({ row, locations }) => row.mnemonic === 'shr' && locations[1]?.kind === 'immediate',
    );
    const effects = (count: number): number => flagEffects(shift?.slot ?? 0, count);
    expect([effects(0), effects(3), effects(1)]).toEqual([0, FLAGS_REPLACED, FLAGS_REPLACED]);
    expect(effects(shift?.operandSize === 8 ? 64 : 32)).toBe(0);
    const byRegister = VARIANTS.find(
      ({ row, locations }) => row.mnemonic === 'shr' && locations[1]?.kind === 'general',
    );
    expect(flagEffects(byRegister?.slot ?? 0, 3)).toBe(FLAGS_READ | FLAGS_REPLACED);
  });
});
