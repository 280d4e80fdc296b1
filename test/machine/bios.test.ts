import { describe, expect, it } from 'vitest';
import { COUNTER_PORT } from '../../src/layout/runtime-state.ts';
import { type Call, callInterrupts, DATA, type Result, realModeGuest, SEGMENT } from './real-mode-guest.ts';

const TEXT_MEMORY = 0xb8000;
const DATA_AREA = 0x400;
const SMAP = 0x534d4150;
const UNSUPPORTED = 0x86;

const ascii = (text: string): number[] => [...Buffer.from(text)];
const one = async (call: Call): Promise<Result> => (await callInterrupts([call])).results[0] as Result;

describe('INT 10H', () => {
  it('types on the terminal and into the text memory', async () => {
    const type = (character: string): Call => ({ interrupt: 0x10, eax: 0x0e00 | character.charCodeAt(0) });
    const { output, machine, results } = await callInterrupts([
      ...[...'ab\r\nc'].map(type),
      { interrupt: 0x10, eax: 0x0300 },
      { interrupt: 0x10, eax: 0x0200, edx: 0x0000 },
      { interrupt: 0x10, eax: 0x0800 },
    ]);
    expect(output).toBe('ab\r\nc');
    const text = machine.readMemory(TEXT_MEMORY, 162);
    expect([text[0], text[1], text[2], text[160]]).toEqual([0x61, 7, 0x62, 0x63]);
    const [cursor, , cell] = results.slice(-3);
    expect(cursor?.edx).toBe(0x0101);
    expect(cursor?.ecx).toBe(0x0607);
    expect((cell?.eax ?? 0) & 0xffff).toBe(0x0761);
  });

  it('scrolls where the last row ends', async () => {
    const line: Call[] = [0x0d, 0x0a].map((character) => ({ interrupt: 0x10, eax: 0x0e00 | character }));
    const { machine } = await callInterrupts([
      { interrupt: 0x10, eax: 0x0200, edx: 0x1700 },
      { interrupt: 0x10, eax: 0x0e78 },
      ...line,
      ...line,
    ]);
    expect(machine.readMemory(TEXT_MEMORY + 22 * 160, 1)[0]).toBe(0x78);
    expect(machine.readMemory(TEXT_MEMORY + 23 * 160, 1)[0]).toBe(0x20);
    expect([...machine.readMemory(DATA_AREA + 0x50, 2)]).toEqual([0, 24]);
  });

  it('tells the terminal of places and a cleared screen once there is text', async () => {
    const cleared = await callInterrupts([{ interrupt: 0x10, eax: 0x0003 }]);
    expect(cleared.output).toBe('');
    const { output } = await callInterrupts([
      { interrupt: 0x10, eax: 0x0003 },
      { interrupt: 0x10, eax: 0x0200, edx: 0x0205 },
      { interrupt: 0x10, eax: 0x092a, ebx: 0x001f, ecx: 3 },
      { interrupt: 0x10, eax: 0x0e21 },
    ]);
    expect(output).toBe('\x1b[2J\x1b[3;6H***\x1b[3;6H!');
  });

  it('writes a string, with and without attributes, and scrolls windows', async () => {
    const { output, machine } = await callInterrupts(
      [
        { interrupt: 0x10, eax: 0x1301, ebx: 0x0002, ecx: 2, edx: 0x0000, ebp: DATA },
        { interrupt: 0x10, eax: 0x1303, ecx: 2, edx: 0x0100, ebp: DATA + 2 },
        { interrupt: 0x10, eax: 0x0601, ebx: 0x3000, ecx: 0x0000, edx: 0x0101 },
      ],
      { data: [...ascii('xy'), ...ascii('z'), 0x4e, ...ascii('w'), 0x4f] },
    );
    expect(output).toBe('\x1b[1;1Hxy\x1b[2;1Hzw');
    expect([...machine.readMemory(TEXT_MEMORY, 4)]).toEqual([0x7a, 0x4e, 0x77, 0x4f]);
    expect([...machine.readMemory(TEXT_MEMORY + 160, 4)]).toEqual([0x20, 0x30, 0x20, 0x30]);
  });

  it('writes a long string in pieces', async () => {
    const lines = { interrupt: 0x10, eax: 0x1301, ebx: 7, ecx: 0xffff, edx: 0x1800, es: 0x3000 };
    const { machine, results, output } = await realModeGuest([lines, { interrupt: 0x10, eax: 0x0300 }]);
    machine.writeMemory(0x30000, new Uint8Array(0xffff).fill(0x0a, 0, 0xfffe).fill(0x78, 0xfffe));
    await machine.run();
    expect(output()).toBe(`\x1b[25;1H${'\n'.repeat(0xfffe)}x`);
    expect(results().map(({ edx }) => edx)).toEqual([0x1800, 0x1801]);
    // Of 256 characters each.
    expect(machine.processor.counter(COUNTER_PORT)).toBeGreaterThanOrEqual(256);
    await machine.close();
  });

  it('is in mode 3 and has no EGA, VGA or VESA BIOS', async () => {
    const { results } = await callInterrupts([
      { interrupt: 0x10, eax: 0x0f00 },
      { interrupt: 0x10, eax: 0x1200, ebx: 0x10 },
      { interrupt: 0x10, eax: 0x1a00 },
      { interrupt: 0x10, eax: 0x4f00, edi: DATA },
    ]);
    const [mode, ega, vga, vesa] = results;
    expect((mode?.eax ?? 0) & 0xffff).toBe(0x5003);
    expect((ega?.ebx ?? 0) & 0xff).toBe(0x10);
    expect((vga?.eax ?? 0) & 0xff).not.toBe(0x1a);
    expect((vesa?.eax ?? 0) & 0xff).not.toBe(0x4f);
  });
});

describe('INT 11H and 12H', () => {
  it('tell of two serial ports, a coprocessor, and 639 KiB', async () => {
    expect((await one({ interrupt: 0x11 })).eax).toBe(0x0422);
    expect((await one({ interrupt: 0x12 })).eax).toBe(639);
  });
});

describe('INT 13H', () => {
  it('has no disks', async () => {
    const { results } = await callInterrupts([
      { interrupt: 0x13, eax: 0x4100, ebx: 0x55aa, edx: 0x80 },
      { interrupt: 0x13, eax: 0x0201, ecx: 1, edx: 0x80, ebx: DATA },
      { interrupt: 0x13, eax: 0x0000, edx: 0x00 },
      { interrupt: 0x13, eax: 0x0800, edx: 0x80 },
      { interrupt: 0x13, eax: 0x0800, edx: 0x00 },
      { interrupt: 0x13, eax: 0x1500, edx: 0x80 },
    ]);
    expect(results.map(({ eax, carry }) => [(eax >> 8) & 0xff, carry])).toEqual([
      [0x01, true],
      [0x01, true],
      [0x80, true],
      [0x01, true],
      [0x00, false],
      [0x00, false],
    ]);
    expect(results[4]?.edx).toBe(0);
  });
});

describe('INT 15H', () => {
  it('gives the memory map entry by entry', async () => {
    const calls: Call[] = Array.from({ length: 10 }, (_, ebx) => ({
      interrupt: 0x15,
      eax: 0xe820,
      ebx,
      ecx: 24,
      edx: SMAP,
      edi: DATA + 0x20 * ebx,
    }));
    const { results, machine } = await callInterrupts(calls);
    const view = new DataView(machine.readMemory(SEGMENT * 16 + DATA, 0x20 * 10).buffer);
    const entries = results.map((_, index) => {
      const at = 0x20 * index;
      return [view.getBigUint64(at, true), view.getBigUint64(at + 8, true), view.getUint32(at + 16, true)];
    });
    expect(results.every(({ eax, ecx, carry }) => eax === SMAP && ecx === 20 && !carry)).toBe(true);
    expect(results.map(({ ebx }) => ebx)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
    expect(entries[0]).toEqual([0n, 0x9fc00n, 1]);
    expect(entries[3]).toEqual([0x100000n, 0x3ef0000n, 1]);
    expect(entries[5]).toEqual([0x3fff000n, 0x1000n, 4]);
    const wrong = await one({ interrupt: 0x15, eax: 0xe820, ecx: 20, edx: 1, edi: DATA });
    expect(wrong.carry).toBe(true);
  });

  it('gives memory sizes', async () => {
    const { results } = await callInterrupts([
      { interrupt: 0x15, eax: 0xe801 },
      { interrupt: 0x15, eax: 0x8800 },
    ]);
    const [map, old] = results;
    expect([map?.eax, map?.ebx, map?.ecx, map?.edx]).toEqual([15 * 1024, 767, 15 * 1024, 767]);
    expect([map?.carry, old?.carry]).toEqual([false, false]);
    expect(old?.eax).toBe(0x3ef0000 / 1024);
  });

  it('moves blocks above 1 MiB and back', async () => {
    const descriptor = (address: number): number[] => [
      ...[0xff, 0xff, address & 0xff, (address >> 8) & 0xff, (address >> 16) & 0xff, 0x93],
      ...[0, (address >>> 24) & 0xff],
    ];
    const zeros = new Array(16).fill(0);
    const text = SEGMENT * 16 + DATA;
    const high = 0x2345678;
    const there = [...zeros, ...descriptor(text), ...descriptor(high), ...zeros];
    const back = [...zeros, ...descriptor(high), ...descriptor(text + 0x40), ...zeros];
    const nowhere = [...zeros, ...descriptor(text), ...descriptor(0xd000_0000), ...zeros];
    const move = (table: number, ecx = 4): Call => ({
      interrupt: 0x15,
      eax: 0x8700,
      ecx,
      esi: DATA + table,
    });
    const data = [...ascii('a move! '), ...new Array(0x78).fill(0), ...there, ...back, ...nowhere];
    const { results, machine } = await callInterrupts(
      [move(0x80), move(0xb0), move(0xe0), move(0x80, 0x8001)],
      { data },
    );
    expect(results.map(({ carry }) => carry)).toEqual([false, false, true, true]);
    expect(results[0]?.eax).toBe(0);
    expect(Buffer.from(machine.readMemory(high, 8)).toString()).toBe('a move! ');
    expect(Buffer.from(machine.readMemory(text + 0x40, 8)).toString()).toBe('a move! ');
  });

  it('has an A20 gate that is always open', async () => {
    const { results } = await callInterrupts(
      [0x2401, 0x2402, 0x2403, 0x2400].map((eax) => ({ interrupt: 0x15, eax })),
    );
    expect(results.map(({ carry }) => carry)).toEqual([false, false, false, true]);
    expect(results[1]?.eax).toBe(1);
    expect(results[2]?.ebx).toBe(3);
  });

  it('waits', async () => {
    const { results } = await callInterrupts([
      { interrupt: 0x1a, eax: 0 },
      { interrupt: 0x15, eax: 0x8600, ecx: 0x0001, edx: 0x86a0 },
      { interrupt: 0x1a, eax: 0 },
    ]);
    // A tenth of a second, 18.2 ticks a second.
    expect([1, 2]).toContain((results[2]?.edx ?? 0) - (results[0]?.edx ?? 0));
  });

  it('tells what machine it is', async () => {
    const { results, machine } = await callInterrupts([
      { interrupt: 0x15, eax: 0xc000 },
      { interrupt: 0x15, eax: 0xc100 },
      { interrupt: 0x15, eax: 0x1234 },
    ]);
    const [table, area, unknown] = results;
    const at = (table?.es ?? 0) * 16 + ((table?.ebx ?? 0) & 0xffff);
    expect([...machine.readMemory(at, 4)]).toEqual([8, 0, 0xfc, 1]);
    expect(area?.es).toBe(0x9fc0);
    expect(machine.readMemory(0x9fc00, 1)[0]).toBe(1);
    expect([unknown?.carry, (unknown?.eax ?? 0) >> 8]).toEqual([true, UNSUPPORTED]);
    expect(machine.readMemory(0xffffe, 1)[0]).toBe(0xfc);
    expect(machine.readMemory(0xffff0, 1)[0]).toBe(0xea);
  });
});

describe('INT 16H', () => {
  it.each([true, false])('waits for a key, shows it, and gives it; interrupts on: %s', async (interrupts) => {
    const { machine, results } = await realModeGuest(
      [
        { interrupt: 0x16, eax: 0x0100 },
        { interrupt: 0x16, eax: 0x0000 },
        { interrupt: 0x16, eax: 0x0100 },
        { interrupt: 0x16, eax: 0x1000 },
        { interrupt: 0x16, eax: 0x0000 },
        { interrupt: 0x16, eax: 0x0200 },
      ],
      // It halts while it waits, so that the host has time for what comes.
      {
        interrupts,
        clock: 'host',
        onIdle: (idle) => idle && machine.sendSerial(new TextEncoder().encode('A\x1b[B\r')),
      },
    );
    expect(await machine.run()).toEqual({ kind: 'debug exit', code: 1 });
    const [none, letter, more, arrow, enter, shift] = results();
    expect(none?.zero).toBe(true);
    expect(letter?.eax).toBe(0x1e41);
    expect([more?.zero, more?.eax]).toEqual([false, 0x5000]);
    expect(arrow?.eax).toBe(0x5000);
    expect(enter?.eax).toBe(0x1c0d);
    expect(shift?.eax).toBe(0x0200);
  });
});

describe('INT 1AH', () => {
  it('reads and sets the clock', async () => {
    const { results } = await callInterrupts([
      { interrupt: 0x1a, eax: 0x0200 },
      { interrupt: 0x1a, eax: 0x0400 },
      { interrupt: 0x1a, eax: 0x0300, ecx: 0x2359, edx: 0x5800 },
      { interrupt: 0x1a, eax: 0x0500, ecx: 0x1999, edx: 0x1231 },
      { interrupt: 0x1a, eax: 0x0200 },
      { interrupt: 0x1a, eax: 0x0400 },
      { interrupt: 0x1a, eax: 0xb101 },
    ]);
    const [time, date, , , setTime, setDate, pci] = results;
    // The instruction clock begins on 2024-01-01 at midnight.
    expect([time?.ecx, time?.edx, time?.carry]).toEqual([0, 0, false]);
    expect([date?.ecx, date?.edx]).toEqual([0x2024, 0x0101]);
    expect([setTime?.ecx, setTime?.edx]).toEqual([0x2359, 0x5800]);
    expect([setDate?.ecx, setDate?.edx]).toEqual([0x1999, 0x1231]);
    expect(pci?.carry).toBe(true);
  });

  it('counts ticks, past midnight', async () => {
    const { results } = await callInterrupts([
      { interrupt: 0x1a, eax: 0x0100, ecx: 0x18, edx: 0xaf },
      { interrupt: 0x15, eax: 0x8600, ecx: 1, edx: 0 },
      { interrupt: 0x1a, eax: 0x0000 },
      { interrupt: 0x1a, eax: 0x0000 },
    ]);
    const [, , after, again] = results;
    expect([after?.eax, after?.ecx, after?.edx]).toEqual([1, 0, 0]);
    expect(again?.eax).toBe(0);
  });
});

describe('APM', () => {
  const apm = (al: number, registers: Partial<Call> = {}): Call => ({
    interrupt: 0x15,
    eax: 0x5300 | al,
    ...registers,
  });
  const failures = (results: readonly Result[]) =>
    results.map(({ eax, carry }) => (carry ? (eax >> 8) & 0xff : 'done'));

  it('is version 1.2 with a 32-bit interface', async () => {
    const { results } = await callInterrupts([
      apm(0),
      apm(0, { ebx: 1 }),
      apm(2),
      apm(3),
      apm(3),
      apm(1),
      apm(4),
    ]);
    const [check, , , connect] = results;
    expect([check?.eax, check?.ebx, check?.ecx]).toEqual([0x0102, 0x504d, 2]);
    expect(failures(results)).toEqual(['done', 0x09, 0x06, 'done', 0x07, 0x07, 'done']);
    expect([connect?.eax, connect?.ecx, connect?.edx]).toEqual([0xf000, 0xf000, 0xf000]);
    expect([connect?.esi, connect?.edi]).toEqual([0xffff_ffff, 0xffff]);
    expect(connect?.ebx).toBeGreaterThan(0xe000);
  });

  it('works in real mode once it is connected', async () => {
    const { results } = await callInterrupts([
      apm(0x0e, { ecx: 0x0102 }),
      apm(1),
      apm(1),
      apm(0x0e, { ecx: 0x0102 }),
      apm(0x10),
      apm(0x0a, { ebx: 1 }),
      apm(0x0a, { ebx: 7 }),
      apm(0x05),
      apm(0x0b),
      apm(0x07, { ebx: 1, ecx: 2 }),
      apm(0x07, { ebx: 1, ecx: 1 }),
      apm(0x07, { ebx: 1, ecx: 9 }),
      apm(0x07, { ebx: 0x100, ecx: 1 }),
      apm(0x0b),
      apm(0x0b),
      apm(0x0f, { ebx: 1, ecx: 0 }),
      apm(0x07, { ebx: 1, ecx: 2 }),
      apm(0x77),
      apm(4),
      apm(4),
    ]);
    expect(failures(results)).toEqual([
      ...[0x03, 'done', 0x02, 'done', 'done', 'done', 0x09, 'done', 0x80, 'done', 'done', 0x0a, 0x09],
      ...['done', 'done', 'done', 0x0b, 0x0c, 'done', 0x03],
    ]);
    expect(results[3]?.eax).toBe(0x0102);
    expect(results[4]?.ecx).toBe(3);
    const power = results[5];
    expect([power?.ebx, power?.ecx, power?.edx]).toEqual([0x01ff, 0x80ff, 0xffff]);
    // Suspend has ended, then standby.
    expect([results[13]?.ebx, results[14]?.ebx]).toEqual([0x0003, 0x000b]);
  });

  it.each(['interpreter', 'compiled'] as const)('has an entry for 32-bit code, tier %s', async (tier) => {
    const entry = (await one(apm(3))).ebx;
    const u32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
    const segment = (base: number, rights: number): number[] => [
      ...[0xff, 0xff, base & 0xff, (base >> 8) & 0xff, (base >> 16) & 0xff, rights, 0x4f, 0],
    ];
    // 8: this code, 10H: data, 18H: the BIOS. Behind it what LGDT loads.
    const table = [
      ...u32(0),
      ...u32(0),
      ...segment(SEGMENT * 16, 0x9b),
      ...segment(0, 0x93),
      ...segment(0xf0000, 0x9b),
    ];
    const data = [...table, table.length - 1, 0, ...u32(SEGMENT * 16 + DATA)];
    const result = 0x18000;
    // mov eax, function; mov ebx, bx; mov ecx, cx; lcall 18h:entry; mov [result], eax; setc [result + 4]
    const farCall = (al: number, bx: number, cx: number, at: number): number[] => [
      ...[0xb8, ...u32(0x5300 | al), 0xbb, ...u32(bx), 0xb9, ...u32(cx), 0x9a, ...u32(entry), 0x18, 0],
      ...[0xa3, ...u32(at), 0x0f, 0x92, 0x05, ...u32(at + 4)],
    ];
    const protectedMode = (offset: number): number[] => {
      // cli; lgdt; mov eax, cr0; or al, 1; mov cr0, eax; jmp 8:next
      const table = DATA + 32;
      const enter = [
        0xfa,
        0x0f,
        0x01,
        0x16,
        table & 0xff,
        table >> 8,
        0x0f,
        0x20,
        0xc0,
        0x0c,
        1,
        0x0f,
        0x22,
        0xc0,
      ];
      return [
        ...[...enter, 0x66, 0xea, ...u32(offset + enter.length + 8), 8, 0],
        // mov ax, 10h; mov ds, ax; mov ss, ax; mov esp, 17000h
        ...[0x66, 0xb8, 0x10, 0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, ...u32(0x17000)],
        ...farCall(0x0e, 0, 0x0102, result),
        ...farCall(0x0b, 0, 0, result + 8),
        ...farCall(0x07, 1, 3, result + 16),
        0xf4,
      ];
    };
    const { machine } = await realModeGuest([apm(3)], { data, behind: protectedMode, tier });
    expect(await machine.run()).toEqual({ kind: 'power off' });
    const view = new DataView(machine.readMemory(result, 16).buffer);
    expect([view.getUint32(0, true), view.getUint8(4)]).toEqual([0x0102, 0]);
    expect([view.getUint32(8, true), view.getUint8(12)]).toEqual([0x800b, 1]);
    await machine.close();
  });
});

describe('A guest of the BIOS', () => {
  it('runs the same in every tier', async () => {
    const calls: Call[] = [
      { interrupt: 0x10, eax: 0x0e41 },
      { interrupt: 0x15, eax: 0x8600, ecx: 1, edx: 0 },
      { interrupt: 0x1a, eax: 0 },
    ];
    const [interpreted, compiled] = await Promise.all(
      (['interpreter', 'compiled'] as const).map(async (tier) => {
        const { results, output, machine } = await callInterrupts(calls, { tier });
        return { results, output, instructions: machine.statistics().instructions.total };
      }),
    );
    expect(compiled).toEqual(interpreted);
  });

  it('restarts by INT 19H', async () => {
    const { machine } = await realModeGuest([{ interrupt: 0x19 }], { reboot: false });
    expect(await machine.run()).toEqual({ kind: 'restart' });
  });
});
