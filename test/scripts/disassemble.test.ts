/** scripts/disassemble.ts on encodings from the Intel SDM Vol. 2. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runTool } from './run-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'longmode-'));
afterAll(() => rmSync(folder, { recursive: true }));

function disassemble(...args: readonly string[]): string[] {
  const { code, output, errors } = runTool('disassemble.ts', ...args);
  expect(errors).toBe('');
  expect(code).toBe(0);
  return output.trimEnd().split('\n');
}

describe('scripts/disassemble.ts', () => {
  it('shows address, bytes and text of each instruction', () => {
    expect(disassemble('--hex', '48 01 d8 c3', '--address', '0x1000')).toEqual([
      '1000  48 01 d8  add rax,rbx',
      '1003  c3        ret',
    ]);
  });

  it('reads a file and shows the instructions that begin in a range', () => {
    const file = join(folder, 'code.bin');
    // nop; jmp to the nop; xor eax,eax; ret
    writeFileSync(file, Uint8Array.of(0x90, 0xeb, 0xfd, 0x31, 0xc0, 0xc3));
    const range = ['--address', '0xffffffff81000000', '--start', '0xffffffff81000001', '--length', '3'];
    expect(disassemble(file, ...range)).toEqual([
      'ffffffff81000001  eb fd  jmp 0xffffffff81000000',
      'ffffffff81000003  31 c0  xor eax,eax',
    ]);
  });

  it('decodes in the mode asked for', () => {
    // B8 takes an immediate of the operand size; 40-4F are REX prefixes in 64-bit mode only.
    const hex = ['--hex', 'b8 34 12 40 48'];
    expect(disassemble(...hex, '--mode', 'real').map((line) => line.split('  ').at(-1))).toEqual([
      'mov ax,0x1234',
      'inc ax',
      'dec ax',
    ]);
    expect(disassemble(...hex, '--mode', '32')[0]).toContain('mov eax,0x48401234');
  });

  it('marks what is no instruction and goes on', () => {
    // 06 is PUSH ES outside 64-bit mode.
    expect(disassemble('--hex', '06 90')).toEqual(['0  06  (bad)', '1  90  nop']);
  });

  it.each([
    [['no-such-file'], 'no-such-file'],
    [[], 'give one file'],
    [['--hex', '9'], '--hex'],
    [['--hex', '90', '--mode', '8'], '--mode 8'],
    [['--hex', '90', '--address', 'x'], '--address x'],
    [['--hex', '90', '--address', '16', '--start', '17'], '--start'],
    [['--hex', '90', '--nonsense'], '--nonsense'],
  ])('refuses %j with one line', (args, message) => {
    const { code, output, errors } = runTool('disassemble.ts', ...args);
    expect(code).toBe(2);
    expect(output).toBe('');
    expect(errors).toContain(message);
    expect(errors.trimEnd().split('\n')).toHaveLength(1);
  });
});
