/** General registers outside 64-bit mode have 32 bits in regions: what 64-bit code has left above them is gone in both tiers. */
import { describe, expect, it } from 'vitest';
import { BlockRecords } from '../../../src/compile/record-view.ts';
import { MODE_CODE_32, MODE_CODE_MASK } from '../../../src/layout/mode.ts';
import { runBothTiers } from '../../code-cache/both-tiers.ts';
import { USER_CODE } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';

/** Of compatibility mode, at level 3. */
const CODE_32 = 0x1b;
const STACK_32 = 0x23;

/** Leaves 64-bit mode with something in the upper half of every register that 32-bit code has. */
const ENTER = `
  mov rax,0x1122334400000000
  mov rcx,0x1122334400000020
  mov rdx,0x1122334455667788
  mov rbx,0x1122334400000001
  mov rbp,0x11223344abcdef01
  mov rsi,0x1122334400000003
  mov rdi,0x1122334400000004
  mov r8,0x1122334455667788
  push ${STACK_32}
  push rdx
  push 2
  push ${CODE_32}
  push ${USER_CODE}
  iretq
`;

/** The bytes are the same in both modes; HLT ends in the handler of #GP. Only parts of RAX, RDX and RBX are written. */
const LOOP = `
  again: mov al,cl
  mov dh,al
  add bx,cx
  cmp edi,ecx
  cmovne esi,ebx
  .byte 0x8d,0x7c,0x91,0xfb # lea edi,[ecx+edx*4-5]
  dec ecx
  jne again
  hlt
`;

describe('registers of 32-bit code', () => {
  it('have lost their upper halves, but those that it does not have', () => {
    const { registers, regions } = runBothTiers(ENTER, (machine) => {
      machine.write(USER_CODE, [...assemble(LOOP, USER_CODE)]);
    });
    const modes = regions.flatMap(({ blocks }) =>
      blocks.map(({ head, records }) => new BlockRecords(head, records).mode & MODE_CODE_MASK),
    );
    expect(modes).toContain(MODE_CODE_32);
    const [rax, rcx, rdx, rbx, , rbp, rsi, rdi, r8] = registers;
    expect({ rax, rcx, rdx, rbx, rbp, rsi, rdi, r8 }).toEqual({
      rax: 1n,
      rcx: 0n,
      rdx: 0x5566_0188n,
      rbx: 0x211n,
      rbp: 0xabcd_ef01n,
      rsi: 0x211n,
      rdi: (1n + 0x5566_0188n * 4n - 5n) & 0xffff_ffffn,
      r8: 0x1122_3344_5566_7788n,
    });
  });
});
