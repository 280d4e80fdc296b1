import { describe, expect, it } from 'vitest';
import { ESCAPES_HELP, TerminalEscapes } from '../../../src/host/node/terminal-escapes.ts';

/** Feeds the inputs one after another. Returns bytes as text, and commands in braces. */
function split(...inputs: string[]): string[] {
  const escapes = new TerminalEscapes();
  return inputs
    .flatMap((input) => escapes.split(Uint8Array.from(input, (c) => c.charCodeAt(0))))
    .map((piece) => (typeof piece === 'string' ? `{${piece}}` : String.fromCharCode(...piece)));
}

describe('TerminalEscapes', () => {
  it('passes everything else on, control characters and bytes above 127 included', () => {
    expect(split('ls\r\x03\x1b[A\xff\x00')).toEqual(['ls\r\x03\x1b[A\xff\x00']);
  });

  it('knows its commands in either case, between the bytes they came between', () => {
    expect(split('a\x01xb\x01Xc\x01h\x01H\x01?')).toEqual([
      ...['a', '{quit}', 'b', '{quit}', 'c', '{help}', '{help}', '{help}'],
    ]);
    expect(split('\x01c\x01C\x01b\x01Bh\x01p')).toEqual([
      ...['{monitor}', '{monitor}', '{break}', '{break}', 'h', '{power button}'],
    ]);
  });

  it('lists them all', () => {
    for (const key of 'hxbpca') expect(ESCAPES_HELP).toMatch(new RegExp(`^C-a ${key} `, 'm'));
  });

  it('sends C-a for C-a a and C-a C-a', () => {
    expect(split('1\x01a2\x01\x013')).toEqual(['1\x012\x013']);
  });

  it('drops escapes it does not know', () => {
    expect(split('\x01q1')).toEqual(['1']);
  });

  it('remembers the escape character from one input to the next', () => {
    expect(split('a\x01', 'xb')).toEqual(['a', '{quit}', 'b']);
  });
});
