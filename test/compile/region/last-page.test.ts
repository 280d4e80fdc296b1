/** Loops whose accesses leave the page they were on last give the same results compiled as interpreted. */
import { describe, expect, it } from 'vitest';
import { TLB_INVALID } from '../../../src/layout/tlb.ts';
import { DATA_SIZE, type Prepare, runBothTiers } from '../../code-cache/both-tiers.ts';
import { shapeOf } from '../../code-cache/region-shape.ts';
import { DATA, HANDLERS, PAGE_DIRECTORY } from '../../isa/system-machine.ts';

const FUNCTION = 0x3_0800;
const PAGE_TABLE = 0x4_8000;
/** What the pages from 200000h on are mapped to: no two are neighbours. */
const FRAMES = [DATA + 0x2000, DATA + 0x5000, DATA + 0x1000];
const RAX = 0;
const RBX = 3;

const prepare: Prepare = (machine) => {
  for (let at = 0; at < DATA_SIZE; at += 8) {
    machine.write64(DATA + at, BigInt(at) * 0x9e37_79b9_7f4a_7c15n);
  }
  machine.write64(PAGE_DIRECTORY + 8, BigInt(PAGE_TABLE) | 7n);
  FRAMES.forEach((frame, index) => {
    machine.write64(PAGE_TABLE + index * 8, BigInt(frame) | 0x67n);
  });
  // mov eax, 1; ret
  machine.write(FUNCTION, [0xb8, 1, 0, 0, 0, 0xc3]);
};

/** Each of the loops has become one region. */
function runLoops(code: string, loops: number) {
  const result = runBothTiers(code, prepare);
  expect(result.regions.filter((region) => shapeOf(region).back > 0)).toHaveLength(loops);
  return result;
}

describe('a compiled loop', () => {
  it('walks over page boundaries, with accesses that lie on both sides', () => {
    runLoops(
      'be00002000 b984030000' + // mov esi, 200000h; mov ecx, 900
        '480306 48c1c807 66894603' + // add rax, [rsi]; ror rax, 7; mov [rsi + 3], ax
        '4883c60d ffc9 75ed f4', // add rsi, 13; dec ecx; jnz; hlt,
      1,
    );
  });

  it('goes to another page each time, by the same register', () => {
    runLoops(
      'befc0f0200 b9f4010000' + // mov esi, DATA + ffch; mov ecx, 500
        '0306 010e' + // add eax, [rsi]; add [rsi], ecx
        '81f608300100 ffc9 75f2 f4', // xor esi, 13008h; dec ecx; jnz; hlt,
      1,
    );
  });

  it('stores over translated code in a page it has stored to before', () => {
    const { registers } = runLoops(
      'be00080300 ffd6 89c3' + // mov esi, FUNCTION; call rsi; mov ebx, eax
        'bf00070300 b944000000' + // mov edi, FUNCTION - 100h; mov ecx, 68
        'c707909090c3' + // mov dword [rdi], nop nop nop ret
        '4883c704 ffc9 75f2' + // add rdi, 4; dec ecx; jnz
        'b84d000000 ffd6 f4', // mov eax, 77; call rsi; hlt,
      1,
    );
    expect(registers[RBX]).toBe(1n);
    expect(registers[RAX]).toBe(77n);
  });

  it('faults at the address that stands for no page', () => {
    // TLB_INVALID and its neighbours are not canonical.
    const page = Buffer.alloc(8);
    page.writeBigUInt64LE(TLB_INVALID & ~0xfffn);
    const { rip } = runBothTiers(
      'bb02000000 be00000200' + // mov ebx, 2; mov esi, DATA
        'b90a000000' + // L: mov ecx, 10
        '480306 480106 ffc9 75f6' + // M: add rax, [rsi]; add [rsi], rax; dec ecx; jnz M
        `48be${page.toString('hex')} ffcb 75e3 f4`, // mov rsi, page; dec ebx; jnz L; hlt,
      prepare,
    );
    expect(rip).toBe(BigInt(HANDLERS + 13 * 16 + 1));
  });

  it('sees a page that has been mapped elsewhere since it ran last', () => {
    runLoops(
      'ba02000000' + // mov edx, 2
        'be00002000 b958020000' + // mov esi, 200000h; mov ecx, 600
        '480306 4883c608 ffc9 75f5' + // add rax, [rsi]; add rsi, 8; dec ecx; jnz
        'c7042508300000 83000000' + // mov dword [PDE of 200000h], 83h
        '0f013c2500002000 ffca 75d4 f4', // invlpg [200000h]; dec edx; jnz; hlt,
      1,
    );
  });
});
