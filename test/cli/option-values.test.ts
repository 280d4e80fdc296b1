import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/boot/input-error.ts';
import { parseMemorySize, parseSeconds, parseSeed, parseSha256 } from '../../src/cli/option-values.ts';

const MIB = 2 ** 20;

describe('parseMemorySize', () => {
  it.each([
    ['512M', 512 * MIB],
    ['512m', 512 * MIB],
    ['1G', 1024 * MIB],
    ['2048', 2048 * MIB],
    ['1.5G', 1536 * MIB],
    ['65536K', 64 * MIB],
    ['16777216b', 16 * MIB],
    ['127g', 127 * 1024 * MIB],
    ['2M', 2 * MIB],
  ])('reads %s', (text, bytes) => {
    expect(parseMemorySize(text)).toBe(bytes);
  });

  it('rounds up to whole pages', () => {
    expect(parseMemorySize('16777217b')).toBe(16 * MIB + 4096);
  });

  it.each([
    '',
    'M',
    '12Q',
    '-1M',
    '1e3',
    '0x10M',
    '1 G',
    '512MB',
    '0',
    '1M',
    '2097151b',
    '128G',
    '9'.repeat(400),
  ])('refuses %j', (text) => {
    expect(() => parseMemorySize(text)).toThrow(InputError);
  });
});

describe('parseSeconds', () => {
  it('takes fractions', () => {
    expect(parseSeconds('90')).toBe(90);
    expect(parseSeconds('0.25')).toBe(0.25);
    expect(parseSeconds('.5')).toBe(0.5);
  });

  it.each(['', '0', '-1', '1m', 'Infinity', '1e3', '2147484'])('refuses %j', (text) => {
    expect(() => parseSeconds(text)).toThrow(InputError);
  });
});

describe('parseSeed', () => {
  it('takes decimal and hexadecimal numbers', () => {
    expect(parseSeed('0')).toBe(0);
    expect(parseSeed('9007199254740991')).toBe(2 ** 53 - 1);
    expect(parseSeed('0xFf')).toBe(255);
  });

  it.each(['', '-1', '1.5', 'x', '9007199254740992'])('refuses %j', (text) => {
    expect(() => parseSeed(text)).toThrow(InputError);
  });
});

describe('parseSha256', () => {
  it('takes 64 hexadecimal digits', () => {
    const sum = '0123456789abcdefABCDEF0123456789'.repeat(2);
    expect(parseSha256(sum)).toBe(sum);
  });

  it.each(['', 'ab', 'g'.repeat(64), 'a'.repeat(65)])('refuses %j', (text) => {
    expect(() => parseSha256(text)).toThrow(InputError);
  });
});
