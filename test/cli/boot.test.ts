import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Statistics } from '../../src/machine/statistics.ts';
import { flatKernel1 } from '../boot/multiboot/multiboot-fixtures.ts';
import {
  ECHO,
  flashImage,
  HALT_FOREVER,
  IDLE,
  makeKernel,
  POWER_OFF,
  PRINT_FOREVER,
  print,
  RESET,
  SPIN,
  TOUCH_ALL,
  TRIPLE_FAULT,
} from './guests.ts';
import { CLI, type Result, type RunOptions, runCli, useFolder } from './run-cli.ts';

const folder = useFolder();

async function boot(code: readonly number[], args: readonly string[], options?: RunOptions): Promise<Result> {
  const kernel = await folder.write('vmlinuz', makeKernel(code));
  return runCli(['boot', '--kernel', kernel, '--memory', '64M', ...args], options);
}

describe('endings', () => {
  it('is 0 when the guest powers off; stdout has the serial output and nothing else', async () => {
    const result = await boot([...print('hello\n'), ...POWER_OFF, ...SPIN], []);
    expect(result).toEqual({ code: 0, stdout: 'hello\n', stderr: '' });
  });

  it('is 0 in every tier and with either clock', async () => {
    for (const args of [
      ['--tier', 'interpreter'],
      ['--tier', 'compiled'],
      ['--clock', 'instructions', '--seed', '0x10'],
    ]) {
      const result = await boot([...print('x'), ...POWER_OFF, ...SPIN], args);
      expect(result).toEqual({ code: 0, stdout: 'x', stderr: '' });
    }
  });

  it('is 1 with a register dump when the guest halts with interrupts off', async () => {
    // mov eax, 0x1234_5678 comes first, to find it again.
    const result = await boot([0xb8, 0x78, 0x56, 0x34, 0x12, ...HALT_FOREVER], []);
    expect(result.code).toBe(1);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain('the guest died: halted with interrupts disabled');
    expect(result.stderr).toContain('RAX 0000000012345678');
    expect(result.stderr).toMatch(/^RIP 0010:0000000001000207 .*64-bit mode$/m);
    expect(result.stderr).toMatch(/^ {3}0000000001000205 {2}fa +cli$/m);
    expect(result.stderr).toMatch(/^ {3}0000000001000206 {2}f4 +hlt$/m);
    expect(result.stderr).toMatch(/^=> 0000000001000207 /m);
  });

  it('is 1 with a register dump at the faulting instruction after a triple fault', async () => {
    const result = await boot([...print('!'), ...TRIPLE_FAULT], []);
    expect(result.code).toBe(1);
    expect(result.stdout).toBe('!');
    expect(result.stderr).toContain('the guest died: triple fault');
    expect(result.stderr).toMatch(/^=> 0000000001000207 {2}0f 0b +ud2$/m);
  });

  it('is 0 for a restart with --no-reboot; without, the guest starts again', async () => {
    const once = await boot([...print('.'), ...RESET, ...SPIN], ['--no-reboot']);
    expect(once).toEqual({ code: 0, stdout: '.', stderr: '' });
    const often = await boot([...print('.'), ...RESET, ...SPIN], [], {
      onOutput: (child, stdout) => {
        // Once: the next one might come when the program no longer minds it.
        if (stdout.length > 1 && !child.killed) child.kill('SIGTERM');
      },
    });
    expect(often.code).toBe(128 + 15);
  });

  it('is 71 when the guest touches more memory than there is, of which the first line warns', async () => {
    const kernel = await folder.write('vmlinuz', makeKernel(TOUCH_ALL));
    const result = await runCli(['boot', '--kernel', kernel, '--memory', '8G']);
    expect(result.code).toBe(71);
    const [warning, , end, ...rest] = result.stderr.split('\n');
    expect(warning).toMatch(/^longmode: --memory 8G: the guest can use at most 39\d\dM of it$/);
    expect(end).toBe('longmode: the guest touched more memory than there is for it');
    expect(rest).toEqual(['']);
  });

  it('is 124 after the time-out, of a guest that is busy as of one that is idle', async () => {
    for (const code of [SPIN, IDLE]) {
      const result = await boot(code, ['--timeout', '0.5']);
      expect(result.code).toBe(124);
      expect(result.stderr).toContain('--timeout');
    }
  });

  it('is 128 and the number for a signal', async () => {
    const result = await boot([...print('up\n'), ...IDLE], [], {
      onOutput: (child) => child.kill('SIGTERM'),
    });
    expect(result.code).toBe(128 + 15);
  });
});

describe('terminal', () => {
  it('gives the guest what comes in, and goes on after its end', async () => {
    const result = await boot([...print('>'), ...ECHO], [], {
      onOutput: (child, stdout) => {
        if (stdout === '>') child.stdin.end('abc\x01a\u00e9');
        else if (stdout === '>abc\x01\u00e9') setTimeout(() => child.kill('SIGTERM'), 300);
      },
    });
    expect(result).toMatchObject({ code: 128 + 15, stdout: '>abc\x01\u00e9' });
  });

  it('reads no more than the guest takes', async () => {
    let wasAllTaken = false;
    const result = await boot([...print('up'), ...SPIN], ['--timeout', '2'], {
      onOutput: ({ stdin }) => {
        stdin.on('error', () => {});
        stdin.write(new Uint8Array(8 << 20), (error) => {
          wasAllTaken = !error;
        });
      },
    });
    expect(result.code).toBe(124);
    expect(wasAllTaken).toBe(false);
  });

  it('quits on C-a x and explains the keys on C-a h', async () => {
    const result = await boot(ECHO, ['--timeout', '50'], { input: '\x01h\x01c\x01x' });
    expect(result.code).toBe(0);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain('C-a x    quit');
    expect(result.stderr).toContain('no monitor');
  });

  it('ends when nobody reads its output any more', async () => {
    // ECHO is never sent anything: what is printed in a loop fills the pipe.
    const line = print('0123456789abcdef\n');
    const loop = [...line, 0xe9, ...new Uint8Array(new Int32Array([-line.length - 5]).buffer)];
    const result = await boot(loop, ['--timeout', '50'], { onOutput: (child) => child.stdout.destroy() });
    expect(result.code).toBe(128 + 13);
  });
});

describe('output that nobody reads', () => {
  it('holds the guest after a MiB; a time-out still ends it', async () => {
    const kernel = await folder.write('vmlinuz', makeKernel(PRINT_FOREVER));
    const stats = folder.path('stats.json');
    const args = ['boot', '--kernel', kernel, '--memory', '64M', '--timeout', '5', '--stats', stats];
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [code] = (await once(child, 'exit')) as [number];
    child.stdout.destroy();
    expect(code).toBe(124);
    const { accesses } = JSON.parse(await readFile(stats, 'utf8')) as Statistics;
    expect(accesses.port).toBeGreaterThan(2 ** 20);
    // A MiB, what fits the pipe, and the rest of the slice.
    expect(accesses.port).toBeLessThan(2 ** 21);
  });
});

describe('--stats', () => {
  it('writes the statistics however the guest ends', async () => {
    const stats = folder.path('stats.json');
    const read = async () => JSON.parse(await readFile(stats, 'utf8')) as Statistics;
    await boot([...print('ok'), ...POWER_OFF, ...SPIN], ['--stats', stats]);
    // Two moves, two outs a letter beside what print and POWER_OFF set up.
    expect((await read()).instructions.total).toBeGreaterThanOrEqual(8);
    expect((await read()).accesses.port).toBe(3);
    await boot(TRIPLE_FAULT, ['--stats', stats]);
    expect((await read()).events.exceptions).toBeGreaterThan(0);
    await boot(SPIN, ['--stats', stats, '--timeout', '0.5']);
    expect((await read()).instructions.total).toBeGreaterThan(1000);
  });
});

describe('--code-cache', () => {
  const powersOff = { code: 0, stdout: '', stderr: '' };
  const user = () => ({ env: { XDG_CACHE_HOME: folder.path('user') } });

  it("is in the user's cache folder if not given", async () => {
    expect(await boot(POWER_OFF, [], user())).toEqual(powersOff);
    expect(await readdir(folder.path('user/longmode'))).toEqual(['code']);
  });

  it.each([[['--code-cache', 'off']], [['--tier', 'interpreter']], [['--tier', 'compiled']]])(
    'with %j nothing is kept',
    async (args) => {
      expect(await boot(POWER_OFF, args, user())).toEqual(powersOff);
      expect(await readdir(folder.path(''))).toEqual(['vmlinuz']);
    },
  );

  it("where the user's cache folder cannot be made nothing is said", async () => {
    await folder.write('user', new Uint8Array(1));
    expect(await boot(POWER_OFF, [], user())).toEqual(powersOff);
  });
});

describe('--help and --version', () => {
  it('go to stdout with exit code 0', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await runCli(['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('Examples:');
    const bootHelp = await runCli(['boot', '--help']);
    expect(bootHelp.code).toBe(0);
    for (const option of ['--kernel', '--no-reboot', '--seed', 'Examples:', 'C-a x', '32-bit entry point']) {
      expect(bootHelp.stdout).toContain(option);
    }
  });
});

describe('--debug-exit', () => {
  it('is the exit code; --initrd may be given several times, with arguments behind a space', async () => {
    const code = [
      '66baf803 8b6b14 8b7b18', // mov dx, 3f8h; mov ebp, [ebx + 14h]; mov edi, [ebx + 18h]: the modules
      // next: mov esi, [edi + 8]; print: lodsb; test al, al; jz content; out dx, al; jmp print
      '8b7708 ac 84c0 7403 ee ebf8',
      '8b37 8b4f04 29f1 f36e', // content: mov esi, [edi]; mov ecx, [edi + 4]; sub ecx, esi; rep outsb
      '83c710 4d 75e6', // add edi, 16; dec ebp; jnz next
      'b035 e6f4 f4', // mov al, 35h; out 0f4h, al; hlt
    ];
    const kernel = await folder.write(
      'kernel',
      flatKernel1([...Buffer.from(code.join('').replaceAll(' ', ''), 'hex')]),
    );
    const one = await folder.write('one', Buffer.from('ONE'));
    const two = await folder.write('two', Buffer.from('TWO'));
    const modules = ['--initrd', `${one} (5 6)`, '--initrd', two, '--initrd', `${one} (7)`];
    const result = await runCli([
      ...['boot', '--kernel', kernel, ...modules],
      ...['--debug-exit', '0xf4', '--memory', '64M'],
    ]);
    expect(result).toEqual({ code: 0x6b, stdout: '(5 6)ONETWO(7)ONE', stderr: '' });
  });
});

describe('--bios-vars', () => {
  it('is flash memory below the image, and its file has in the end what the guest wrote', async () => {
    const bios = await folder.write('bios', flashImage());
    const store = await folder.write('vars', new Uint8Array(4096).fill(0xff));
    await chmod(store, 0o640);
    const link = `${store}.link`;
    await symlink(store, link);
    const args = ['boot', '--bios', bios, '--bios-vars', link, '--memory', '64M'];
    const first = await runCli(args);
    expect(first).toEqual({ code: 0, stdout: '\ufffd\ufffdA', stderr: '' });
    const written = await readFile(store);
    expect([written.length, written[0], written[1]]).toEqual([4096, 0x41, 0xff]);
    expect((await stat(store)).mode & 0o777).toBe(0o640);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    // The next run finds it.
    expect((await runCli(args)).stdout).toBe('A\ufffdA');
    expect((await readdir(dirname(store))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is refused where it cannot be', async () => {
    const bios = await folder.write('bios', flashImage());
    const odd = await folder.write('odd', new Uint8Array(4097));
    const results = await Promise.all([
      boot([], ['--bios-vars', odd]),
      runCli(['boot', '--bios', bios, '--bios-vars', odd]),
      runCli(['boot', '--bios', bios, '--bios-vars', `${odd}-not`]),
    ]);
    expect(results.map(({ code }) => code)).toEqual([2, 2, 2]);
    expect(results[0]?.stderr).toContain('only of use with --bios');
    expect(results[1]?.stderr).toContain('a variable store has pages of 4 KiB');
    expect(results[2]?.stderr).toContain('there is no such file');
  });
});
