/** Loops whose accesses leave the page they were on last give the same results compiled as interpreted. */
import { describe, expect, it } from 'vitest';
import { compileRegions } from '../../src/translate/compiler.ts';
import { Tiering } from '../../src/translate/tiering.ts';
import { CODE, DATA, PAGE_DIRECTORY, SystemMachine } from '../isa/system-machine.ts';

const FUNCTION = 0x3_0800;
const PAGE_TABLE = 0x4_8000;
/** What the pages from 200000h on are mapped to: no two are neighbours. */
const FRAMES = [DATA + 0x2000, DATA + 0x5000, DATA + 0x1000];
const RAX = 0;
const RBX = 3;
const SLICE = 100_000;

function run(tier: 'interpreter' | 'compiled', code: string) {
  let tiering: Tiering | undefined;
  const machine = new SystemMachine({
    requestCompile: (head) => tiering?.request(head),
    blockDropped: (head) => tiering?.drop(head),
  });
  const { processor } = machine;
  tiering = new Tiering(processor, tier, undefined, compileRegions, () => 0);
  for (let at = 0; at < 0x8000; at += 8) machine.write64(DATA + at, BigInt(at) * 0x9e37_79b9_7f4a_7c15n);
  machine.write64(PAGE_DIRECTORY + 8, BigInt(PAGE_TABLE) | 7n);
  FRAMES.forEach((frame, index) => {
    machine.write64(PAGE_TABLE + index * 8, BigInt(frame) | 0x67n);
  });
  // mov eax, 1; ret
  machine.write(FUNCTION, [0xb8, 1, 0, 0, 0, 0xc3]);
  machine.write(CODE, [...Buffer.from(code.replaceAll(' ', ''), 'hex')]);
  processor.rip = BigInt(CODE);
  expect(processor.run(SLICE)).toBe('halt');
  return {
    registers: Array.from({ length: 16 }, (_, register) => processor.gpr(register)),
    flags: processor.flags,
    rip: processor.rip,
    data: Array.from({ length: 0x1000 }, (_, index) => machine.read64(DATA + index * 8)),
    instructions: processor.instructions,
    regions: tiering.statistics.regions,
  };
}

/** What both tiers reach. */
function runBoth(code: string) {
  const { regions: _, ...interpreted } = run('interpreter', code);
  const { regions, ...compiled } = run('compiled', code);
  expect(regions).toBeGreaterThan(0);
  expect(compiled).toEqual(interpreted);
  return compiled;
}

describe('a compiled loop', () => {
  it('walks over page boundaries, with accesses that lie on both sides', () => {
    runBoth(
      'be00002000 b984030000' + // mov esi, 200000h; mov ecx, 900
        '480306 48c1c807 66894603' + // add rax, [rsi]; ror rax, 7; mov [rsi + 3], ax
        '4883c60d ffc9 75ed f4', // add rsi, 13; dec ecx; jnz; hlt
    );
  });

  it('goes to another page each time, by the same register', () => {
    runBoth(
      'befc0f0200 b9f4010000' + // mov esi, DATA + ffch; mov ecx, 500
        '0306 010e' + // add eax, [rsi]; add [rsi], ecx
        '81f608300100 ffc9 75f2 f4', // xor esi, 13008h; dec ecx; jnz; hlt
    );
  });

  it('stores over translated code in a page it has stored to before', () => {
    const { registers } = runBoth(
      'be00080300 ffd6 89c3' + // mov esi, FUNCTION; call rsi; mov ebx, eax
        'bf00070300 b944000000' + // mov edi, FUNCTION - 100h; mov ecx, 68
        'c707909090c3' + // mov dword [rdi], nop nop nop ret
        '4883c704 ffc9 75f2' + // add rdi, 4; dec ecx; jnz
        'b84d000000 ffd6 f4', // mov eax, 77; call rsi; hlt
    );
    expect(registers[RBX]).toBe(1n);
    expect(registers[RAX]).toBe(77n);
  });

  it('sees a page that has been mapped elsewhere since it ran last', () => {
    runBoth(
      'ba02000000' + // mov edx, 2
        'be00002000 b958020000' + // mov esi, 200000h; mov ecx, 600
        '480306 4883c608 ffc9 75f5' + // add rax, [rsi]; add rsi, 8; dec ecx; jnz
        'c7042508300000 83000000' + // mov dword [PDE of 200000h], 83h
        '0f013c2500002000 ffca 75d4 f4', // invlpg [200000h]; dec edx; jnz; hlt
    );
  });
});
