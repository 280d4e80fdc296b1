import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Terminal } from '../../../src/host/node/terminal.ts';

class FakeInput extends EventEmitter {
  readonly isTTY: boolean;
  readonly calls: string[] = [];
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  setRawMode(raw: boolean): void {
    this.calls.push(raw ? 'raw' : 'cooked');
  }
  pause(): void {
    this.calls.push('pause');
  }
  resume(): void {
    this.calls.push('resume');
  }
}

class FakeOutput extends EventEmitter {
  columns = 0;
  rows = 0;
  writableLength = 0;
  readonly written: string[] = [];
  write(bytes: Uint8Array | string): void {
    this.written.push(typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes));
  }
}

/** @param wanted what the guest answers to input. */
function makeTerminal(isTTY: boolean, wanted?: Promise<void>) {
  const input = new FakeInput(isTTY);
  const output = new FakeOutput();
  const messages = new FakeOutput();
  const events: string[] = [];
  const terminal = new Terminal({
    input,
    output,
    messages,
    onInput: (bytes) => {
      events.push(new TextDecoder().decode(bytes));
      return wanted;
    },
    onCommand: (command) => events.push(command),
    onResize: (columns, rows) => events.push(`${columns}x${rows}`),
    onHangUp: () => events.push('hang up'),
  });
  return { terminal, input, output, messages, events };
}

const type = (input: FakeInput, text: string) => input.emit('data', new TextEncoder().encode(text));

describe('Terminal', () => {
  it('is raw between attach and detach, and undone once', () => {
    const { terminal, input } = makeTerminal(true);
    const listeners = process.listenerCount('exit');
    terminal.attach();
    terminal.attach();
    expect(input.calls).toEqual(['raw', 'resume']);
    terminal.detach();
    terminal.detach();
    expect(input.calls).toEqual(['raw', 'resume', 'cooked', 'pause']);
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('is undone when the process exits, and raw again when it continues', () => {
    const { terminal, input } = makeTerminal(true);
    terminal.attach();
    process.emit('SIGCONT', 'SIGCONT');
    expect(input.calls).toEqual(['raw', 'resume', 'raw']);
    const exitListener = process.listeners('exit').at(-1) as (code: number) => void;
    exitListener(0);
    expect(input.calls.slice(3)).toEqual(['cooked', 'pause']);
    process.emit('SIGCONT', 'SIGCONT');
    expect(input.calls).toHaveLength(5);
  });

  it('leaves the mode of a pipe alone', () => {
    const { terminal, input } = makeTerminal(false);
    terminal.attach();
    terminal.detach();
    expect(input.calls).toEqual(['resume', 'pause']);
  });

  it('tells what is typed, and the commands among it', () => {
    const { terminal, input, messages, events } = makeTerminal(true);
    type(input, 'too early');
    terminal.attach();
    type(input, 'ls\n');
    type(input, '\x01h');
    type(input, 'a\x01b\x01px\x01x');
    expect(events).toEqual(['ls\n', 'a', 'break', 'power button', 'x', 'quit']);
    expect(messages.written.join('')).toContain('C-a x');
    terminal.detach();
  });

  it('reads no more from a pipe until the guest wants more, but always hears a person', async () => {
    const wanted = Promise.resolve();
    const pipe = makeTerminal(false, wanted);
    pipe.terminal.attach();
    type(pipe.input, 'y\n');
    expect(pipe.input.calls).toEqual(['resume', 'pause']);
    await wanted;
    expect(pipe.input.calls).toEqual(['resume', 'pause', 'resume']);
    pipe.terminal.detach();

    const person = makeTerminal(true, new Promise(() => {}));
    person.terminal.attach();
    type(person.input, 'y\n');
    expect(person.input.calls).toEqual(['raw', 'resume']);
    person.terminal.detach();
  });

  it('tells the size of the terminal, if it has one, at first and when it changes', () => {
    const { terminal, output, events } = makeTerminal(true);
    terminal.attach();
    expect(events).toEqual([]);
    Object.assign(output, { columns: 80, rows: 24 });
    output.emit('resize');
    terminal.detach();
    output.emit('resize');
    terminal.attach();
    expect(events).toEqual(['80x24', '80x24']);
    terminal.detach();
    expect(output.listenerCount('resize')).toBe(0);
  });

  it('does not mind the end of the input', () => {
    const { terminal, input, events } = makeTerminal(false);
    terminal.attach();
    input.emit('end');
    input.emit('error', new Error('EIO'));
    expect(events).toEqual([]);
    terminal.detach();
  });

  it('passes output on and tells when nobody takes it', () => {
    const { terminal, output, events } = makeTerminal(true);
    terminal.attach();
    terminal.write(new TextEncoder().encode('login: '));
    expect(output.written).toEqual(['login: ']);
    output.emit('error', new Error('EPIPE'));
    expect(events).toEqual(['hang up']);
    terminal.detach();
  });

  it('asks the guest to wait for a reader that is more than a MiB behind', async () => {
    const { terminal, output } = makeTerminal(false);
    output.writableLength = 2 ** 20;
    expect(terminal.write(Uint8Array.of(65))).toBeUndefined();
    output.writableLength += 1;
    const behind = terminal.write(Uint8Array.of(66));
    expect(output.written).toEqual(['A', 'B']);
    output.emit('drain');
    await expect(behind).resolves.toBeUndefined();
  });
});
