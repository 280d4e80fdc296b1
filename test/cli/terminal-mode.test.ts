/** The mode of a real terminal, with script(1) as the terminal. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { IDLE, makeKernel, POWER_OFF, print, SPIN, TRIPLE_FAULT } from './guests.ts';
import { CLI, runCli, useFolder } from './run-cli.ts';

const folder = useFolder();
/** Of util-linux: its options differ elsewhere. */
const hasScript = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') ?? false;

/**
 * Runs a guest between two `stty -g`; `during` is called with the process once the guest has said "up".
 * `prefix` is a program that runs the command line.
 */
async function modesAround(
  code: readonly number[],
  during: (stdin: { write(text: string): unknown }) => void,
  prefix = '',
): Promise<{ before: string; after: string; output: string }> {
  const kernel = await folder.write('vmlinuz', makeKernel([...print('up\n'), ...code]));
  const boot = `${prefix} "${process.execPath}" "${CLI}" boot --kernel ${kernel} --memory 64M --timeout 50`;
  const shell = `echo "before=$(stty -g)"; ${boot}; echo "code=$?"; echo "after=$(stty -g)"`;
  let asked = false;
  const { stdout } = await runCli(['-qefc', shell, '/dev/null'], {
    program: ['script'],
    onOutput: (child, output) => {
      if (asked || !/up\r?\n/.test(output)) return;
      asked = true;
      during(child.stdin);
    },
  });
  const field = (name: string) => new RegExp(`${name}=(\\S+)`).exec(stdout)?.[1] ?? '';
  return { before: field('before'), after: field('after'), output: stdout };
}

describe.skipIf(!hasScript)('a terminal (needs script of util-linux)', () => {
  it.each([
    ['C-a x', IDLE, '\x01x', 0],
    ['the guest powers off', [...POWER_OFF, ...SPIN], '', 0],
    ['the guest dies', TRIPLE_FAULT, '', 1],
  ] as const)('is given back as it was: %s', async (_name, code, keys, exitCode) => {
    const { before, after, output } = await modesAround(code, (stdin) => stdin.write(keys));
    expect(before).not.toBe('');
    expect(after).toBe(before);
    expect(output).toContain(`code=${exitCode}`);
  });

  it.each([
    ['TERM', 128 + 15],
    ['HUP', 128 + 1],
    ['INT', 128 + 2],
  ])('is given back as it was: SIG%s', async (signal, exitCode) => {
    const timeout = `timeout --foreground --preserve-status --signal ${signal} 3`;
    const { before, after, output } = await modesAround(IDLE, () => {}, timeout);
    expect(after).toBe(before);
    expect(output).toContain(`code=${exitCode}`);
  });

  it('is raw while the guest runs: C-c goes to the guest', async () => {
    const { output } = await modesAround(IDLE, (stdin) => {
      stdin.write('\x03');
      setTimeout(() => stdin.write('\x01x'), 500);
    });
    expect(output).toContain('code=0');
    expect(output).not.toContain('^C');
  });

  it('shows progress until the first output, and erases it', async () => {
    const { output } = await modesAround([...POWER_OFF, ...SPIN], () => {});
    expect(output).toMatch(/longmode: booting \.\.\. \d+\.\d s/);
    expect(output).toContain('\r\x1b[2Kup');
  });
});
