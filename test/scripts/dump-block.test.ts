/** scripts/dump-block.ts; needs build/runtime.wasm. */
import { describe, expect, it } from 'vitest';
import { runTool } from './run-tool.ts';

/** The left and the right side of what the tool shows. */
function dump(...args: readonly string[]): { left: string[]; right: string[] } {
  const { code, output, errors } = runTool('dump-block.ts', ...args);
  expect(errors).toBe('');
  expect(code).toBe(0);
  const rows = output.split('\n').map((line) => line.split(' | '));
  const column = (i: number) =>
    rows.map((row) => (row[i] ?? '').trimEnd()).filter((cell) => cell.trim() !== '');
  return { left: column(0), right: column(1) };
}

/** Milliseconds: each dump reads the whole runtime. */
describe('scripts/dump-block.ts', () => {
  it('shows each instruction with its bytes and record', () => {
    const { left } = dump('--hex', '48 01 d8 89 54 8f f8 c3', '--address', '0x401ff0');
    expect(left.map((line) => line.replace(/fn=\d+ /, ''))).toEqual([
      '401ff0  add rax,rbx',
      '  48 01 d8',
      '  add Ev,Gv 64 register',
      '  pageOffset=0xff0 length=3',
      '  a=RAX b=RBX',
      '401ff3  mov DWORD PTR [rdi+rcx*4-0x8],edx',
      '  89 54 8f f8',
      '  mov Ev,Gv 32 memory',
      '  pageOffset=0xff3 length=4',
      '  base=RDI index=RCX*4 disp=-0x8 a=RDX',
      '401ff7  ret',
      '  c3',
      '  ret  64 plain',
      '  pageOffset=0xff7 length=1',
    ]);
  });

  it('shows the handler of each record', () => {
    const { right } = dump('--hex', '48 01 d8 0f c8 c3');
    const starts = right.filter((line) => line.startsWith('(func $'));
    expect(starts).toHaveLength(3);
    const add = right.slice(0, right.indexOf(starts[1] as string)).join('\n');
    expect(add).toContain('i64.add');
    expect(add).not.toContain('i64.sub');
    // A handler ends with a tail call of the interpreter's loop, with the next record (record.ts).
    expect(add).toMatch(/i32\.const 32\s+i32\.add\s+return_call \$interpret\)?\s*$/);
  });

  it('goes on with INT3 behind the code, and ends blocks at the end of a page', () => {
    expect(dump('--hex', '90').left).toContain('1  int3');
    const { left } = dump('--hex', '90 90', '--address', '0xfff');
    expect(left.filter((line) => line.includes('nop'))).toHaveLength(2);
    expect(left.at(-2)).toMatch(/fn=\d+ end of block/);
  });

  it('shows an instruction that crosses a page as a block of its own', () => {
    const { left } = dump('--hex', '90 b8 78 56 34 12', '--address', '0xffe', '--start', '0xfff');
    expect(left[0]).toBe('fff  mov eax,0x12345678');
    expect(left.filter((line) => /^[\da-f]+ {2}/.test(line))).toHaveLength(1);
  });

  it.each(['writer', 'binaryen'])(
    'shows a region that %s made: blocks, function, and the probes it calls',
    (backEnd) => {
      // loop: add rax,rbx; dec ecx; jnz loop; call f; ret; f: ret
      const hex = '48 01 d8 ff c9 75 f9 e8 01 00 00 00 c3 c3';
      const { left, right } = dump(
        '--hex',
        hex,
        '--address',
        '0x401000',
        '--tier',
        'compiled',
        '--back-end',
        backEnd,
      );
      const blocks = left.filter((line) => line.startsWith('block'));
      expect(blocks[0]).toBe('block 0, taken block 0, falls through to block 1');
      expect(left).toContain('401007  call 0x40100d');
      expect(left).toContain('40100d  ret');
      expect(right.filter((line) => line.startsWith('(func '))).toEqual([
        expect.stringMatching(/\(param \$p0 i32\)$/),
        expect.stringMatching(/\(param \$p0 i64\) \(result i32\)$/),
        expect.stringMatching(/\(param \$p0 i64\) \(result i32\)$/),
      ]);
      expect(right.some((line) => line.trim().startsWith('(loop'))).toBe(true);
    },
  );

  it('follows branches into other pages, under the addresses there', () => {
    // ffc: jmp over a page boundary; 1000: dec ecx; jmp back to ffc
    const hex = 'eb 02 90 90 ff c9 eb f8';
    const { left } = dump('--hex', hex, '--address', '0xffc', '--tier', 'compiled');
    expect(left.filter((line) => line.startsWith('block'))).toEqual([
      'block 0, taken block 1',
      'block 1, taken block 0',
    ]);
    expect(left).toContain('1000  dec ecx');
  });

  it.each([
    [['--hex', '90', '--tier', 'slow'], '--tier slow'],
    [['--hex', '90', '--back-end', 'none'], '--back-end none'],
    [[], 'give one file'],
  ])('refuses %j with one line', (args, message) => {
    const { code, errors } = runTool('dump-block.ts', ...args);
    expect(code).toBe(2);
    expect(errors).toContain(message);
    expect(errors.trimEnd().split('\n')).toHaveLength(1);
  });
});
