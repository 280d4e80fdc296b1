import { execFileSync } from 'node:child_process';
import { mkdir, truncate } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { makePe } from '../boot/efi/pe-fixtures.ts';
import { makeBzImage } from '../boot/guest-fixtures.ts';
import { makeKernel, POWER_OFF } from './guests.ts';
import { runCli, useFolder } from './run-cli.ts';

const folder = useFolder();

/** Expects exit code 2, nothing on stdout, and one line on stderr that holds all of `parts`. */
async function expectRefused(args: readonly string[], parts: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runCli(args);
  for (const part of ['longmode: ', ...parts]) expect(stderr).toContain(part);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(code).toBe(2);
}

async function expectKernelRefused(bytes: Uint8Array, ...parts: string[]): Promise<void> {
  const kernel = await folder.write('vmlinuz', bytes);
  await expectRefused(['boot', '--kernel', kernel], [kernel, ...parts]);
}

describe('bad usage', () => {
  it('refuses unknown options and commands, and options without their value', async () => {
    await expectRefused(['boot', '--colour'], ['--colour']);
    await expectRefused(['boot', '--memroy', '1G'], ['--memroy', 'Did you mean --memory?']);
    await expectRefused(['bot'], ["'bot'"]);
    await expectRefused(['boot', 'vmlinuz'], ['too many arguments']);
    await expectRefused(['boot', '--kernel'], ['--kernel']);
  });

  it('refuses values that are none', async () => {
    await expectRefused(['boot', '--memory', 'lots'], ['--memory lots', 'not a size']);
    await expectRefused(['boot', '--memory', '1T'], ['--memory 1T', 'too large']);
    await expectRefused(['boot', '--timeout', 'soon'], ['--timeout soon', 'seconds']);
    await expectRefused(['boot', '--seed', '1.5'], ['--seed 1.5', 'whole number']);
    const sum = 'a'.repeat(64);
    await expectRefused(['boot', '--release-sha256', sum], [`--release-sha256 ${sum}`, '--mirror']);
    await expectRefused(['boot', '--cpu', 'max,+avx9'], ['--cpu max,+avx9', '"avx9" is no feature']);
    await expectRefused(['boot', '--clock', 'sundial'], ['--clock', 'sundial', 'host, instructions']);
    await expectRefused(
      ['boot', '--entry', 'window'],
      ['--entry', 'window', 'auto, 16, 32, 64, unpacked, efi, pvh, multiboot'],
    );
    await expectRefused(['boot', '--tier', 'fast'], ['--tier', 'fast', 'auto, interpreter, compiled']);
  });

  it('refuses folders in which no code can be kept, before the guest starts', async () => {
    const kernel = await folder.write('vmlinuz', makeKernel(POWER_OFF));
    const boot = ['boot', '--kernel', kernel, '--code-cache'];
    await expectRefused([...boot, kernel], [`--code-cache ${kernel}`, 'a file of that name']);
    await expectRefused([...boot, `${kernel}/code`], [`--code-cache ${kernel}/code`, 'not a folder']);
    await expectRefused([...boot, '/proc/sys'], ['--code-cache /proc/sys']);
  });

  it('lists processors and features', async () => {
    const { code, stdout, stderr } = await runCli(['boot', '--cpu', 'help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('x86-64-v2 adds:');
    expect(stdout).toContain('tsc_deadline_timer (tsc-deadline)');
  });

  it('shows the help when there is no command', async () => {
    const { code, stderr } = await runCli([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: longmode');
  });
});

describe('bad files', () => {
  it('refuses files that cannot be read', async () => {
    const missing = folder.path('nowhere');
    await expectRefused(['boot', '--kernel', missing], ['--kernel', missing, 'no such file']);
    const kernel = await folder.write('vmlinuz', makeKernel(POWER_OFF));
    await expectRefused(
      ['boot', '--kernel', kernel, '--initrd', missing],
      ['--initrd', missing, 'no such file'],
    );
    await mkdir(folder.path('sub'));
    await expectRefused(['boot', '--kernel', folder.path('sub')], [folder.path('sub'), 'folder']);
  });

  it('refuses what has no end or is no file: devices, pipes, files of 2 GiB', async () => {
    await expectRefused(['boot', '--kernel', '/dev/zero'], ['--kernel /dev/zero', 'not a regular file']);
    const pipe = folder.path('pipe');
    execFileSync('mkfifo', [pipe]);
    await expectRefused(
      ['boot', '--kernel', pipe, '--timeout', '1'],
      [`--kernel ${pipe}`, 'not a regular file'],
    );
    const kernel = await folder.write('vmlinuz', makeKernel(POWER_OFF));
    const large = await folder.write('initrd', new Uint8Array(1));
    await truncate(large, 2 ** 31);
    await expectRefused(['boot', '--kernel', kernel, '--initrd', large], [`--initrd ${large}`, 'too large']);
  });

  it('refuses empty files', async () => {
    await expectKernelRefused(new Uint8Array(0), '--kernel', 'empty');
    const kernel = await folder.write('vmlinuz', makeKernel(POWER_OFF));
    const initrd = await folder.write('initrd', new Uint8Array(0));
    await expectRefused(['boot', '--kernel', kernel, '--initrd', initrd], ['--initrd', initrd, 'empty']);
  });

  it('refuses kernels it cannot boot', async () => {
    await expectKernelRefused(new TextEncoder().encode('root:x:0:0::/root:/bin/sh\n'), 'not a kernel');
    await expectKernelRefused(new Uint8Array(4096), 'not a kernel');
    const whole = makeKernel(POWER_OFF);
    await expectKernelRefused(whole.subarray(0, whole.length - 16), 'truncated');
    await expectKernelRefused(makeBzImage({ version: 0x0204 }), '2.04', 'too old');
    await expectKernelRefused(makePe({ machine: 0x14c, magic: 0x10b }), 'for 32-bit firmware');
  });

  it('refuses a place for the statistics that cannot be written', async () => {
    const kernel = await folder.write('vmlinuz', makeKernel(POWER_OFF));
    const stats = folder.path('nowhere/stats.json');
    await expectRefused(['boot', '--kernel', kernel, '--stats', stats], ['--stats', stats]);
  });
});

describe('memory', () => {
  it('refuses too little for the kernel', async () => {
    const kernel = await folder.write('vmlinuz', makeKernel(POWER_OFF));
    await expectRefused(
      ['boot', '--kernel', kernel, '--memory', '16M'],
      [kernel, '--memory 16M', 'too little memory', 'at least 25 MiB'],
    );
    await expectRefused(['boot', '--kernel', kernel, '--memory', '0'], ['--memory 0', 'too small']);
  });

  it('refuses an initramfs larger than the memory', async () => {
    const kernel = await folder.write('vmlinuz', makeKernel(POWER_OFF));
    const initrd = await folder.write('initrd', new Uint8Array(40 << 20));
    await expectRefused(
      ['boot', '--kernel', kernel, '--initrd', initrd, '--memory', '32M'],
      [`--initrd ${initrd}`, '--memory 32M', 'initramfs of 40 MiB does not fit'],
    );
  });

  it('refuses a command line longer than the kernel takes', async () => {
    const kernel = await folder.write('vmlinuz', makeKernel(POWER_OFF));
    await expectRefused(
      ['boot', '--kernel', kernel, '--append', 'x'.repeat(3000)],
      [kernel, 'command line has 3000 bytes'],
    );
  });
});
