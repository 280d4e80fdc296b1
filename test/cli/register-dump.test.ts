import { describe, expect, it } from 'vitest';
import { disassembleAround } from '../../src/cli/register-dump.ts';
import { MODE_CODE_64 } from '../../src/layout/mode.ts';

/** nop, twenty times; mov rax, rcx; ret; cli; hlt; int3, nine times */
const CODE = [...Array(20).fill(0x90), 0x48, 0x89, 0xc8, 0xc3, 0xfa, 0xf4, ...Array(9).fill(0xcc)];
const BASE = 0x1000n;

function around(address: bigint): string[] {
  return disassembleAround(address, MODE_CODE_64, (at, length) => {
    if (at < BASE) return new Uint8Array(0);
    return Uint8Array.from(CODE.slice(Number(at - BASE), Number(at - BASE) + length));
  });
}

describe('disassembleAround', () => {
  it('marks the instruction, with those before and eight after it', () => {
    const lines = around(BASE + 24n);
    expect(lines.find((line) => line.startsWith('=>'))).toMatch(/^=> 0000000000001018 {2}fa +cli$/);
    expect(lines.filter((line) => line.endsWith('nop'))).toHaveLength(20);
    expect(lines.indexOf('   0000000000001017  c3                             ret')).toBe(21);
    expect(lines).toHaveLength(22 + 1 + 8);
  });

  it('shows no instructions before where there is no memory', () => {
    const lines = around(BASE + 3n);
    expect(lines[0]).toMatch(/^=> 0000000000001003 /);
  });

  it('says when the address itself is not mapped', () => {
    expect(around(0x10n)).toEqual(['  0000000000000010  nothing is mapped here']);
  });
});
