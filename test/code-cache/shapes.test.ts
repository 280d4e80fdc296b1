/** Instructions whose shape is known have the records that the decoder makes of them. */
import { describe, expect, it, vi } from 'vitest';
import { Decoder } from '../../src/isa/decoder.ts';
import { OPCODE_KEYS } from '../../src/layout/linear-memory.ts';
import { MODE_CODE_32, MODE_CODE_64 } from '../../src/layout/mode.ts';
import { HEAD_COUNT, HEAD_FLAGS, RECORD_SIZE } from '../../src/layout/record.ts';
import { MODE } from '../../src/layout/runtime-state.ts';
import { CODE, SystemMachine } from '../isa/system-machine.ts';

const SNIPPETS = 400;
const TURNS = 6;
const SNIPPET = 48;

/** Numbers from 0 to n - 1. */
function randomNumbers(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % n;
  };
}

/** The records of the block at `offset` of the page of CODE, without the head, and the head's count and flags. */
function build({ processor }: SystemMachine, offset: number): unknown {
  const head = processor.runtime.buildBlock(CODE >> 12, offset);
  const { u8, u16 } = processor.views;
  const count = u16[(head + HEAD_COUNT) >> 1] as number;
  const flags = u8[head + HEAD_FLAGS];
  const records = u8.slice(head + RECORD_SIZE, head + (count + 1) * RECORD_SIZE);
  return { count, flags, records: Buffer.from(records).toString('hex').match(/.{64}/g) };
}

describe.each([
  ['64-bit', MODE_CODE_64],
  ['32-bit', MODE_CODE_32],
])('%s code', (_, mode) => {
  it('is decoded the same again, and with other registers, displacement and immediate', () => {
    const machine = new SystemMachine();
    machine.processor.setU32(MODE, mode);
    const random = randomNumbers(mode + 1);
    const prefixes = [0x66, 0x66, 0x66, 0xf2, 0xf3, 0x2e, 0x65, 0x67, 0xf0];
    for (let snippet = 0; snippet < SNIPPETS; snippet++) {
      const bytes = Array.from({ length: SNIPPET }, () => random(256));
      let at = 0;
      for (let left = random(6) - 2; left > 0; left--)
        bytes[at++] = prefixes[random(prefixes.length)] as number;
      const rex = random(2) === 0 ? at++ : -1;
      if (rex >= 0) bytes[rex] = 0x40 + random(16);
      if (random(3) === 0) bytes[at++] = 0x0f;
      // No VEX.
      bytes[at] = random(0xc4);
      for (let turn = 0; turn < TURNS; turn++) {
        // Some reach into the next page.
        const offset = random(40) === 0 ? 4096 - random(24) : random(4000);
        machine.write(CODE + offset, bytes);
        const first = build(machine, offset);
        const again = build(machine, offset);
        // Nothing is known of any opcode.
        machine.processor.views.u8.fill(0, OPCODE_KEYS, OPCODE_KEYS + 512);
        const decoded = build(machine, offset);
        const code = Buffer.from(bytes).toString('hex');
        expect(first, code).toEqual(decoded);
        expect(again, code).toEqual(decoded);
        if (rex >= 0) bytes[rex] = (bytes[rex] as number) ^ random(8);
        for (let byte = at + 1; byte < SNIPPET; byte++) bytes[byte] = random(256);
      }
    }
  });
});

it('is told from others by its prefixes, wherever they are in the table', () => {
  const machine = new SystemMachine();
  machine.processor.setU32(MODE, MODE_CODE_64);
  const random = randomNumbers(1);
  // FS, GS, and other sizes: each makes another record.
  const prefixes = [
    [],
    [0x64],
    [0x65],
    [0x66],
    [0x67],
    ...[0x64, 0x65].flatMap((a) => [
      [a, 0x66],
      [a, 0x67],
    ]),
  ];
  // Among so many pairs of prefixes of one instruction there are some that share a place.
  for (let instruction = 0; instruction < 1500; instruction++) {
    const rest = Array.from({ length: SNIPPET }, () => random(256));
    const opcode = random(2);
    rest[0] = 0x40 + random(16);
    if (opcode === 1) rest[1] = 0x0f;
    rest[1 + opcode] = random(0xc4);
    const codes = prefixes.map((prefix) => [...prefix, ...rest]);
    codes.forEach((code, at) => {
      machine.write(CODE + at * 64, code);
    });
    const recalled = codes.map((_, at) => build(machine, at * 64));
    const decoded = codes.map((_, at) => {
      machine.processor.views.u8.fill(0, OPCODE_KEYS, OPCODE_KEYS + 512);
      return build(machine, at * 64);
    });
    expect(recalled, Buffer.from(rest).toString('hex')).toEqual(decoded);
  }
});

it('is decoded once', () => {
  const machine = new SystemMachine();
  const decode = vi.spyOn(Decoder.prototype, 'decode');
  const calls = (code: string): number => {
    decode.mockClear();
    machine.write(CODE, [...Buffer.from(code.replaceAll(' ', ''), 'hex')]);
    build(machine, 0);
    return decode.mock.calls.length;
  };
  // mov rax, [rbx + 8]; mov rax, [rbx + 16]; lea rcx, [rip + 5]; add eax, 1000; add eax, 2000; jne
  expect(calls('488b4308 488b4310 488d0d05000000 05e8030000 05d0070000 7510')).toBe(4);
  // mov rdi, [rbp + r12 * 4 + 8]: SIB; mov r8, [rdx + 8]; mov r9, [r10 + 8]: other registers; lea r11, [rip + 5]
  expect(calls('4a8b7ca508 4c8b4208 4d8b4a08 4c8d1d05000000 c3')).toBe(2);
  // mov rax, [rdi + rsi * 8 - 1]; mov rax, [rsp]: another length of displacement; mov rdx, [r12]; mov rax, [disp32]: no base
  expect(calls('488b44f7ff 488b0424 498b1424 488b042500000000 c3')).toBe(2);
  // mov al, cl; mov ah, bh; mov spl, dil: with REX; add rax, 1; sub rax, 1: another instruction; sub rdx, 1
  expect(calls('88c8 88fc 4088fc 4883c001 4883e801 4883ea01 c3')).toBe(4);
  // The same with other numbers.
  expect(calls('05b80b0000 488b43fd 488d0d88130000 75f0')).toBe(0);
  // mov rax, gs:[rbx + 8]; lock add [rbx + 8], rax; rep movsb
  expect(calls('65488b4308 f048014308 f3a4')).toBe(3);
  expect(calls('65488b4300 f048014301 f3a4')).toBe(0);
  // Other prefixes of the same: none, which is known; another one; ret, known by now
  expect(calls('488b4300 2e48014301 c3')).toBe(1);
  // mov rax, [rbx + 1000], whose displacement is longer
  expect(calls('488b83e8030000 c3')).toBe(1);
  decode.mockRestore();
});
