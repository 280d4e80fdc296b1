import { afterEach, describe, expect, it } from 'vitest';
import { findGuest, type Guest, NO_CIPHER_TESTS, Session } from './linux-guest.ts';

const guest = await findGuest();

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));

const PROMPT = /\/root # /;
const CTRL_C = '\x03';
const CTRL_Z = '\x1a';
const BACKSPACE = '\x7f';

describe.skipIf(guest === undefined)('a person at the serial line', () => {
  let session: Session | undefined;
  afterEach(async () => {
    await session?.stop();
  });

  it('uses the shell: editing, Ctrl-C, job control, a long paste, a break, windows of any size', async () => {
    const shell = await Session.start(guest as Guest, {
      tier: 'auto',
      clock: 'host',
      append: NO_CIPHER_TESTS,
    });
    session = shell;
    shell.machine.resizeTerminal(101, 33);
    await shell.waitFor(/^longmode: Linux \S+ is up; leave the shell to power off\r$/m);
    await shell.waitFor(PROMPT);

    const answer = async (line: string, expected: RegExp): Promise<void> => {
      shell.type(`${line}\r`);
      await shell.waitFor(expected);
      await shell.waitFor(PROMPT);
    };
    await answer('echo sum $((40 + 2))', /\nsum 42\r\n/);
    await answer(`eccc${BACKSPACE}${BACKSPACE}ho edited`, /\nedited\r\n/);
    await answer('cat /proc/vers\t', /\nLinux version \S+ /);
    // Interactive, with job control.
    await answer('tty; echo $-', /\n\/dev\/ttyS0\r\nsmi\r\n/);

    // Typed ahead, the line would still be read as the shell reads keys.
    shell.type('echo ready; cat\r');
    await shell.waitFor(/\nready\r\n/);
    shell.type('hello\r');
    await shell.waitFor(/hello\r\nhello\r\n/);
    shell.type(CTRL_C);
    await shell.waitFor(/\^C/);
    await shell.waitFor(PROMPT);
    await answer('echo status $?', /\nstatus 130\r\n/);

    shell.type("sh -c 'echo begun; exec sleep 1000'\r");
    await shell.waitFor(/\nbegun\r\n/);
    shell.type(CTRL_Z);
    await shell.waitFor(/\[1\]\+ +Stopped +sh -c/);
    await shell.waitFor(PROMPT);
    await answer('bg', /\n\[1\] sh -c/);
    await answer('jobs', /\n\[1\]\+ +Running +sh -c/);
    // Ctrl-C goes to the shell if it comes before the job is in the foreground, which the shell says too early.
    for (let left = -1; left !== 0; ) {
      shell.type('fg\r');
      await shell.waitFor(/\nsh -c "echo begun; exec sleep 1000"\r\n/);
      shell.type(CTRL_C);
      await shell.waitFor(PROMPT);
      shell.type('jobs >/tmp/jobs; wc -c </tmp/jobs\r');
      left = Number((await shell.waitFor(/\n(\d+)\r\n/))[1]);
      await shell.waitFor(PROMPT);
    }

    // Longer than the UART's FIFO and the shell's line together can take at once.
    const text = 'abcdefghij'.repeat(90);
    const paste = `printf %s ${text} | md5sum\r`.repeat(3);
    shell.machine.sendSerial(Buffer.from(paste, 'latin1'));
    for (let line = 0; line < 3; line++) await shell.waitFor(/\neb25848db6724d373e3dfc8a75f99001 {2}-\r\n/);
    await shell.waitFor(PROMPT);

    await answer('stty size', /\n33 101\r\n/);
    shell.machine.resizeTerminal(80, 24);
    await answer('until [ "$(stty size)" = "24 80" ]; do sleep 0.1; done; echo resized', /\nresized\r\n/);

    shell.machine.sendBreak();
    shell.type('h');
    await shell.waitFor(/sysrq: HELP : /);

    shell.type('\rpoweroff\r');
    expect(await shell.ended).toEqual({ kind: 'power off' });
  });

  it('costs next to nothing while the guest waits for a key, and shuts down at the power button', async () => {
    session = await Session.start(guest as Guest, { tier: 'auto', clock: 'host', append: NO_CIPHER_TESTS });
    await session.waitFor(PROMPT);
    // As soon as the shell and the compiler have got done with what they were at.
    let share = 1;
    while (share >= 0.05) {
      const before = process.cpuUsage();
      await seconds(2);
      const { user, system } = process.cpuUsage(before);
      // Microseconds. About 1 % is usual; the test runner's own share is in it.
      share = (user + system) / 2e6;
    }
    session.machine.pressPowerButton();
    expect(await session.ended).toEqual({ kind: 'power off' });
    expect(session.output).toContain('The system is going down NOW!');
  });
});
