/** The public API in Node, from source, with the machine in a worker thread and in the test's own. */
import { afterEach, describe, expect, it } from 'vitest';
import { InputError, Machine, type MachineOptions } from '../../src/index.node.ts';
import { COM2_TO_COM1, ECHO, IDLE, makeKernel, POWER_OFF, print, SPIN, TRIPLE_FAULT } from '../cli/guests.ts';

const MIB = 2 ** 20;
/** L: one byte to COM1; jmp L */
const CHATTER = [0x66, 0xba, 0xf8, 0x03, 0xb0, 0x2e, 0xee, 0xeb, 0xfd];

const text = (bytes: readonly Uint8Array[]): string => Buffer.concat(bytes).toString('latin1');

describe.each(['worker', 'here'] as const)('a machine in a thread: %s', (thread) => {
  const machines: Machine[] = [];

  async function machineOf(code: readonly number[], options: Partial<MachineOptions> = {}): Promise<Machine> {
    const machine = await Machine.create({
      kernel: makeKernel(code),
      memorySize: 64 * MIB,
      tier: 'interpreter',
      thread,
      ...options,
    });
    machines.push(machine);
    return machine;
  }

  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine.close()));
  });

  it('runs to its end, and tells of output and end by events', async () => {
    const machine = await machineOf([...print('up'), ...POWER_OFF, ...SPIN]);
    const output: Uint8Array[] = [];
    const told: string[] = [];
    machine.addEventListener('output', ({ bytes, console }) => {
      output.push(bytes);
      told.push(console.name);
    });
    machine.addEventListener('ended', ({ ending }) => told.push(ending.kind));
    expect(await machine.run()).toEqual({ kind: 'power off' });
    expect(text(output)).toBe('up');
    expect(told).toEqual(['ttyS0', 'power off']);
  });

  it('starts in a firmware image, without a kernel', async () => {
    const bios = new Uint8Array(0x10000).fill(0x90);
    // mov dx, 604h; mov ax, 2000h; out dx, ax; hlt, where a jump at the reset vector leads.
    bios.set([0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xf4]);
    bios.set([0xe9, 0x0d, 0x00], 0xfff0);
    const machine = await Machine.create({ bios, memorySize: 64 * MIB, tier: 'interpreter', thread });
    machines.push(machine);
    expect(await machine.run()).toEqual({ kind: 'power off' });
  });

  it('tells how a guest dies', async () => {
    const machine = await machineOf(TRIPLE_FAULT);
    expect(await machine.run()).toEqual({ kind: 'died', reason: 'triple fault' });
  });

  it('types and waits for texts, in their order', async () => {
    const machine = await machineOf(ECHO);
    const ended = machine.run();
    await machine.console.write('one two');
    expect(await machine.waitForText('one')).toBe('one');
    await machine.console.write(Uint8Array.of(0x21));
    expect(await machine.waitForText(/t\w+!/)).toBe(' two!');
    await machine.stop();
    expect(await ended).toEqual({ kind: 'stopped' });
  });

  it('gives up waiting when its signal is aborted, and when the machine is closed', async () => {
    const machine = await machineOf(IDLE);
    const { signal } = new AbortController();
    await expect(
      machine.waitForText('never', { signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
    const waiting = machine.waitForText('never', { signal });
    const failure = expect(waiting).rejects.toThrow('the machine is closed');
    await machine.close();
    await failure;
    await expect(machine.statistics()).rejects.toThrow('the machine is closed');
  });

  it('sends breaks, which are characters 0 to who does not look', async () => {
    const machine = await machineOf(ECHO);
    void machine.run();
    await machine.sendBreak();
    await machine.console.write('h');
    expect(await machine.waitForText('h')).toBe('\0h');
  });

  it('tells the size of the terminal', async () => {
    const machine = await machineOf(COM2_TO_COM1);
    void machine.run();
    await machine.resizeTerminal(80, 24);
    expect(await machine.waitForText('\n')).toBe('24 80\n');
    await expect(machine.resizeTerminal(0, 24)).rejects.toBeInstanceOf(InputError);
  });

  it('has its console as streams', async () => {
    const machine = await machineOf(ECHO);
    const reader = machine.console.output.pipeThrough(new TextDecoderStream()).getReader();
    const writer = machine.console.input.getWriter();
    void machine.run();
    await writer.write(new TextEncoder().encode('hello'));
    let seen = '';
    while (seen !== 'hello') seen += (await reader.read()).value;
    await machine.close();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });

  it('holds a guest whose output nobody takes', async () => {
    const machine = await machineOf(CHATTER);
    const reader = machine.console.output.getReader();
    let sent = 0;
    machine.addEventListener('output', ({ bytes }) => {
      sent += bytes.length;
    });
    void machine.run();
    await reader.read();
    // It goes on to the limit and stands still then.
    let last = -1;
    while (sent !== last || sent < MIB) {
      last = sent;
      await machine.statistics();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(sent).toBeLessThan(4 * MIB);
    while (sent === last) await reader.read();
  });

  it('pauses and resumes', async () => {
    const machine = await machineOf(CHATTER);
    const ended = machine.run();
    await machine.waitForText('.');
    await machine.pause();
    const count = async () => (await machine.statistics()).instructions.total;
    const paused = await count();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await count()).toBe(paused);
    await machine.resume();
    while ((await count()) === paused);
    await machine.stop();
    expect(await ended).toEqual({ kind: 'stopped' });
  });

  it('stops while it is paused, and runs again', async () => {
    const machine = await machineOf([...print('up'), ...POWER_OFF, ...SPIN]);
    await machine.pause();
    const stopped = machine.run();
    await machine.stop();
    expect(await stopped).toEqual({ kind: 'stopped' });
    await machine.resume();
    expect(await machine.run()).toEqual({ kind: 'power off' });
  });

  it('starts anew after a reset, while it runs and when it has ended', async () => {
    const machine = await machineOf([...print('up'), ...IDLE]);
    const ended = machine.run();
    await machine.waitForText('up');
    await machine.reset();
    await machine.waitForText('up');
    await machine.stop();
    await ended;
    const other = await machineOf([...print('up'), ...POWER_OFF, ...SPIN]);
    await other.run();
    await other.reset();
    expect(await other.run()).toEqual({ kind: 'power off' });
    expect(await other.waitForText('upup')).toBe('upup');
  });

  it('reads and writes guest memory', async () => {
    const machine = await machineOf(IDLE);
    await machine.writeMemory(0x200_0000, Uint8Array.of(1, 2, 3));
    expect([...(await machine.readMemory(0x200_0001, 3))]).toEqual([2, 3, 0]);
    await expect(machine.readMemory(0x1_0000_0000, 1)).rejects.toThrow('no RAM at guest-physical address');
    await expect(machine.readMemory(0x1_0000_0000, 1)).rejects.toThrow(RangeError);
  });

  it('tells an input that cannot be used as an InputError', async () => {
    const wrong = [
      [{ kernel: new Uint8Array(1) }, /./],
      [{ kernel: '/nonexistent/vmlinuz' }, /^kernel: cannot read \/nonexistent\/vmlinuz: ENOENT/],
      [{ kernel: 1 }, /^kernel: 1 is not/],
      [{ initrd: new URL('file:///nonexistent/initrd') }, /^initrd: cannot read file:\/\/\/nonexistent/],
      [{ memorySize: 1 }, /^memorySize: /],
      [{ thread: 'there' }, /^thread: /],
    ] as const;
    for (const [options, message] of wrong) {
      const error = await machineOf(IDLE, options as Partial<MachineOptions>).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(InputError);
      expect(error.message).toMatch(message);
    }
  });

  it.each([
    ['an ArrayBuffer', (bytes: Uint8Array) => bytes.slice().buffer],
    ['a Blob', (bytes: Uint8Array) => new Blob([bytes.slice()])],
    ['a stream', (bytes: Uint8Array) => new Blob([bytes.slice()]).stream()],
    [
      'a URL',
      (bytes: Uint8Array) => `data:application/octet-stream;base64,${Buffer.from(bytes).toString('base64')}`,
    ],
  ])('takes a kernel as %s, and tells how much of it is loaded', async (_, sourceOf) => {
    const bytes = makeKernel([...POWER_OFF, ...SPIN]);
    const told: unknown[] = [];
    const kernel = sourceOf(bytes);
    const machine = await machineOf([], { kernel, onProgress: (progress) => told.push(progress) });
    expect(await machine.run()).toEqual({ kind: 'power off' });
    expect(told).toContainEqual(
      expect.objectContaining({ stage: 'loading', what: 'kernel', loaded: bytes.length }),
    );
  });

  it('leaves the bytes it is given to the caller', async () => {
    const kernel = makeKernel([...POWER_OFF, ...SPIN]);
    const { length } = kernel;
    await machineOf([], { kernel });
    expect(kernel.length).toBe(length);
  });

  it('is not made when its signal is aborted', async () => {
    const signal = AbortSignal.abort(new Error('changed my mind'));
    await expect(machineOf(IDLE, { signal })).rejects.toThrow('changed my mind');
  });
});
