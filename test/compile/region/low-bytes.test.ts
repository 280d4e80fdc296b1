/** What has been written to the low bytes of a register is what is read of it, and the rest of the register stays. */
import { describe, expect, it } from 'vitest';
import { runBothTiers } from '../../code-cache/both-tiers.ts';

/** Adds up in RBP what parts of RAX have, and turns it so that the order counts. */
const look = (...parts: readonly string[]): string =>
  parts
    .map((part) => `${part === 'rax' ? 'mov rdi,rax' : `movzx edi,${part}`}\nadd rbp,rdi\nrorx rbp,rbp,7\n`)
    .join('');

const WRITES = ['mov al,bl', 'mov eax,edx', 'setb al', 'mov ax,bx', 'mov ah,dl', 'xchg al,cl'];

/** Two writes, and what the next block reads. */
const pair = (first: string, second: string, number: number): string => `
  ${first}
  ${look('al', 'ax')}
  ${second}
  ${look('al', 'ax')}
  test bl,4
  je other${number}
  ${look('al', 'rax')}
  other${number}:
`;

describe('the low bytes of a register', () => {
  it('are what was written last', () => {
    const pairs = WRITES.map((first, i) => pair(first, WRITES[(i + 1) % WRITES.length] as string, i));
    const { registers, regions } = runBothTiers(`
      mov rax,0x123456789abcdef0
      mov rbx,0x8000000000000003
      mov r12d,100
      again: lea rbx,[rbx+rbx*4+13]
      lea rdx,[rbx+rbx*2+7]
      ${pairs.join('')}
      dec r12d
      jne again
      hlt
    `);
    expect(regions.length).toBeGreaterThan(0);
    expect(registers[5]).not.toBe(0n);
  });
});
