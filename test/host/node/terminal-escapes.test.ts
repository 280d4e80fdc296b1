import { describe, expect, it } from 'vitest';
import { type TerminalCommand, TerminalEscapes } from '../../../src/host/node/terminal-escapes.ts';

/** Feeds the inputs one after another. */
function filter(...inputs: string[]): { guest: string; commands: TerminalCommand[] } {
  const commands: TerminalCommand[] = [];
  const escapes = new TerminalEscapes((command) => commands.push(command));
  const guest = inputs.map((input) => escapes.filter(Uint8Array.from(input, (c) => c.charCodeAt(0))));
  return { guest: guest.map((bytes) => String.fromCharCode(...bytes)).join(''), commands };
}

describe('TerminalEscapes', () => {
  it('passes everything else on, control characters and bytes above 127 included', () => {
    expect(filter('ls\r\x03\x1b[A\xff\x00')).toEqual({ guest: 'ls\r\x03\x1b[A\xff\x00', commands: [] });
  });

  it('knows quit, help and monitor in either case', () => {
    expect(filter('a\x01xb\x01Xc\x01h\x01H\x01?\x01c\x01C')).toEqual({
      guest: 'abc',
      commands: ['quit', 'quit', 'help', 'help', 'help', 'monitor', 'monitor'],
    });
  });

  it('sends C-a for C-a a and C-a C-a', () => {
    expect(filter('1\x01a2\x01\x013')).toEqual({ guest: '1\x012\x013', commands: [] });
  });

  it('drops escapes it does not know', () => {
    expect(filter('\x01q1')).toEqual({ guest: '1', commands: [] });
  });

  it('remembers the escape character from one input to the next', () => {
    expect(filter('a\x01', 'xb')).toEqual({ guest: 'ab', commands: ['quit'] });
  });
});
