import { expect, it } from 'vitest';
import { encodeUtf8 } from '../../src/boot/utf8.ts';

it.each(['', 'console=ttyS0', '\0\x7f', 'é\u0080\u07ff', '\u0800€\uffff', '😀\u{10ffff}', 'a\ud800b\udc00'])(
  'encodes as TextEncoder does: %j',
  (text) => {
    expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
  },
);
