import { afterEach, describe, expect, it } from 'vitest';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, Session, scriptWord } from './linux-guest.ts';

const guest = await findGuest();

const run = (commands: string, words = '') => ({
  clock: 'instructions' as const,
  append: `${NO_CIPHER_TESTS} ${words} ${scriptWord(commands)}`,
});

describe.skipIf(guest === undefined)('the end of a guest', () => {
  let session: Session | undefined;
  afterEach(async () => {
    await session?.stop();
    session = undefined;
  });

  it('is power-off even where no process can be started any more', async () => {
    const fill = 'echo 301 >/proc/sys/kernel/pid_max; while :; do sleep 1000 & done';
    const { ending, output } = await boot(guest as Guest, run(fill));
    expect(output).toContain("can't fork");
    expect(ending).toEqual({ kind: 'power off' });
  });

  it('is not reached by a restart otherwise: the kernel boots again, with other randomness', async () => {
    session = await Session.start(guest as Guest, run('cat /proc/sys/kernel/random/boot_id; reboot -f'));
    const identifier = /longmode: up\r\n([0-9a-f-]{36})\r\n/;
    const [, first] = await session.waitFor(identifier);
    await session.waitFor(/reboot: Restarting system/);
    const [, second] = await session.waitFor(identifier);
    expect(second).not.toBe(first);
    expect(await session.stop()).toEqual({ kind: 'stopped' });
  });

  // ACPI's way is the one that the kernel takes by itself.
  it.each(['k', 'p'])(
    'is a restart where the machine must not start again, with the kernel word reboot=%s: keyboard controller, PCI',
    async (how) => {
      const options = { ...run('reboot -f', `reboot=${how}`), reboot: false };
      const { ending, output } = await boot(guest as Guest, options);
      expect(ending).toEqual({ kind: 'restart' });
      expect(output).toContain('reboot: Restarting system');
      expect(output.match(/Linux version/g)).toHaveLength(1);
    },
  );

  it('is death by triple fault', async () => {
    // The kernel loads an empty interrupt descriptor table and executes INT3.
    const { ending } = await boot(guest as Guest, run('reboot -f', 'reboot=t'));
    expect(ending).toEqual({ kind: 'died', reason: 'triple fault' });
  });

  it('is death when the processor halts with interrupts off', async () => {
    const { ending, output } = await boot(guest as Guest, run('halt -f'));
    expect(ending).toEqual({ kind: 'died', reason: 'halted with interrupts disabled' });
    expect(output).toContain('reboot: System halted');
  });

  it('is not reached after a panic without that, which is told', async () => {
    let resolve: (stall: string) => void = () => {};
    const stall = new Promise<string>((settle) => {
      resolve = settle;
    });
    session = await Session.start(guest as Guest, {
      ...run('echo c >/proc/sysrq-trigger'),
      clock: 'host',
      onStall: (stall) => resolve(stall),
    });
    expect(await stall).toBe('kernel panic');
    expect(session.output).toContain('Kernel panic - not syncing: sysrq triggered crash');
    expect(await session.stop()).toEqual({ kind: 'stopped' });
  });

  it('is a restart after a panic with the kernel word panic=-1', async () => {
    const { ending, output } = await boot(guest as Guest, {
      ...run('echo c >/proc/sysrq-trigger', 'panic=-1'),
      reboot: false,
    });
    expect(output).toContain('Kernel panic - not syncing: sysrq triggered crash');
    expect(ending).toEqual({ kind: 'restart' });
  });
});
