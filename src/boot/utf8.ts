/** Encodes a string as UTF-8; half a surrogate pair becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  const trailing = (bits: number) => 0x80 | (bits & 0x3f);
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    const code = codePoint >= 0xd800 && codePoint <= 0xdfff ? 0xfffd : codePoint;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), trailing(code));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), trailing(code >> 6), trailing(code));
    else bytes.push(0xf0 | (code >> 18), trailing(code >> 12), trailing(code >> 6), trailing(code));
  }
  return Uint8Array.from(bytes);
}
