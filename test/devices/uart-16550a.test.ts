import { beforeEach, describe, expect, test } from 'vitest';
import { BREAK } from '../../src/devices/serial-line.ts';
import { Uart16550A } from '../../src/devices/uart-16550a.ts';
import { ProbeLine } from './device-bench.ts';

const DATA = 0;
const IER = 1;
const IIR = 2;
const FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;
const SCR = 7;

const RDI = 1;
const THRI = 2;
const RLSI = 4;
const MSI = 8;
const OUT2_RTS_DTR = 0x0b;

let line: ProbeLine;
let sent: number[];
let uart: Uart16550A;

const create = () => new Uart16550A({ line, transmit: (byte) => sent.push(byte) });
const read = (register: number) => uart.readPort(register, 1);
const write = (register: number, value: number) => uart.writePort(register, 1, value);
const type = (text: string) => uart.receive(new TextEncoder().encode(text));

/** Reads as a driver does: while LSR says there is data. */
function readAvailable(limit = 1000): string {
  let text = '';
  while ((read(LSR) & 0x01) !== 0 && text.length < limit) text += String.fromCharCode(read(DATA));
  return text;
}

beforeEach(() => {
  line = new ProbeLine();
  sent = [];
  uart = create();
});

describe('what the Linux 8250 driver probes', () => {
  test('IER has exactly four bits', () => {
    write(IER, 0);
    expect(read(IER)).toBe(0);
    write(IER, 0xff);
    expect(read(IER)).toBe(0x0f);
  });

  test('loopback shows the modem outputs at the inputs', () => {
    write(MCR, 0x10 | 0x08 | 0x02);
    expect(read(MSR) & 0xf0).toBe(0x90);
    write(MCR, 0x10 | 0x04 | 0x01);
    expect(read(MSR) & 0xf0).toBe(0x60);
    write(MCR, 0);
    expect(read(MSR) & 0xf0).toBe(0xb0);
  });

  test('the FIFO bits of IIR follow FCR, and only a 16550A is found', () => {
    expect(read(IIR)).toBe(0x01);
    write(FCR, 0x01);
    expect(read(IIR)).toBe(0xc1);
    // An EFR would read as 0 here.
    write(LCR, 0x80);
    expect(read(2)).toBe(0xc1);
    write(LCR, 0xbf);
    expect(read(2)).toBe(0xc1);
    // A 16750 would answer bit 5.
    write(FCR, 0x21);
    expect(read(IIR) >> 5).toBe(6);
    write(LCR, 0);
    write(FCR, 0);
    expect(read(IIR)).toBe(0x01);
  });

  test('the receive FIFO holds 16 bytes of 256 looped back, and reports the overrun', () => {
    write(FCR, 0x07);
    write(MCR, 0x10);
    for (let byte = 0; byte < 256; byte++) write(DATA, byte);
    expect(read(LSR)).toBe(0x63);
    expect(read(LSR) & 0x02).toBe(0);
    const received: number[] = [];
    while ((read(LSR) & 0x01) !== 0) received.push(read(DATA));
    expect(received).toEqual(Array.from({ length: 16 }, (_, index) => index));
    expect(sent).toEqual([]);
  });

  test('the THRE interrupt is raised again each time it is enabled', () => {
    write(IER, THRI);
    expect(read(IIR) & 0x0f).toBe(0x02);
    expect(read(IIR) & 0x0f).toBe(0x01);
    write(IER, 0);
    write(IER, THRI);
    expect(read(IIR) & 0x0f).toBe(0x02);
    expect(read(LSR)).toBe(0x60);
  });

  test('scratch register and divisor latch', () => {
    write(SCR, 0xa5);
    expect(read(SCR)).toBe(0xa5);
    write(LCR, 0x83);
    write(0, 0x0c);
    write(1, 0x01);
    expect([read(0), read(1)]).toEqual([0x0c, 0x01]);
    write(LCR, 0x03);
    expect(read(LCR)).toBe(0x03);
    expect(read(IER)).toBe(0);
    write(LCR, 0x83);
    expect([read(0), read(1)]).toEqual([0x0c, 0x01]);
    expect(sent).toEqual([]);
  });

  test('input that waits while the driver probes and starts up is not lost', () => {
    type('first line\n');
    write(MCR, 0x01);
    write(IER, 0x0f);
    read(DATA);
    write(IER, 0);
    write(FCR, 0x01);
    write(MCR, 0x1a);
    write(MCR, 0x00);
    write(FCR, 0x07);
    write(FCR, 0x00);
    for (const register of [LSR, DATA, IIR, MSR, LSR, DATA, IIR, MSR]) read(register);
    write(MCR, 0x09);
    write(IER, RDI | RLSI);
    write(FCR, 0x01);
    write(FCR, 0x81);
    write(MCR, OUT2_RTS_DTR);
    expect(line.level).toBe(true);
    expect(readAvailable()).toBe('first line\n');
    expect(line.level).toBe(false);
  });
});

describe('transmission', () => {
  test('bytes go out at once and the transmitter is always empty', () => {
    for (const byte of [0x68, 0x69]) {
      expect(read(LSR) & 0x60).toBe(0x60);
      write(DATA, byte);
    }
    expect(sent).toEqual([0x68, 0x69]);
  });

  test('each byte written makes a new edge after IIR was read', () => {
    write(MCR, OUT2_RTS_DTR);
    write(IER, THRI);
    expect(line.rises).toBe(1);
    expect(read(IIR) & 0x0f).toBe(0x02);
    expect(line.level).toBe(false);
    write(DATA, 1);
    expect(line.rises).toBe(2);
    expect(read(IIR) & 0x0f).toBe(0x02);
  });
});

describe('reception', () => {
  beforeEach(() => {
    write(MCR, OUT2_RTS_DTR);
  });

  test('without FIFOs there is one byte at a time', () => {
    write(IER, RDI);
    type('ab');
    expect(read(IIR)).toBe(0x04);
    expect(read(DATA)).toBe(0x61);
    expect(read(IIR)).toBe(0x04);
    expect(read(DATA)).toBe(0x62);
    expect(read(IIR)).toBe(0x01);
    expect(line.level).toBe(false);
  });

  test.each([
    [0x01, 1],
    [0x41, 4],
    [0x81, 8],
    [0xc1, 14],
  ])('FCR %i: data available from %i bytes, below it a timeout at once', (fcr, level) => {
    write(FCR, fcr);
    write(IER, RDI);
    type('x'.repeat(level));
    expect(read(IIR)).toBe(0xc4);
    read(DATA);
    expect(read(IIR)).toBe(level === 1 ? 0xc1 : 0xcc);
  });

  test('pasted input of any length arrives complete', () => {
    const text = Array.from({ length: 5000 }, (_, index) => `${index};`).join('');
    write(FCR, 0x81);
    write(IER, RDI);
    type(text);
    expect(uart.pendingInput).toBe(text.length);
    expect(readAvailable(text.length)).toBe(text);
    expect(uart.pendingInput).toBe(0);
    expect(read(LSR) & 0x01).toBe(0);
  });

  test('a guest that polls gets input without enabling the interrupt', () => {
    type('k');
    let polls = 0;
    while ((read(LSR) & 0x01) === 0 && polls < 100) polls++;
    expect(read(DATA)).toBe(0x6b);
    expect(line.rises).toBe(0);
  });

  test('a guest that only sends takes no input', () => {
    type('k');
    for (let i = 0; i < 100; i++) {
      expect(read(LSR)).toBe(0x60);
      write(DATA, 0x2e);
    }
    expect(uart.pendingInput).toBe(1);
  });

  test('dropping RTS stops the sender, raising it lets it go on', () => {
    write(FCR, 0x01);
    write(IER, RDI);
    type('a'.repeat(40));
    write(MCR, OUT2_RTS_DTR & ~0x02);
    expect(readAvailable()).toHaveLength(16);
    expect(uart.pendingInput).toBe(24);
    write(MCR, OUT2_RTS_DTR);
    expect(readAvailable()).toHaveLength(24);
  });

  test('clearing the FIFO drops what is in it; OUT2 gates the line', () => {
    write(FCR, 0x01);
    write(IER, RDI);
    type('abc');
    write(MCR, 0x03);
    expect(line.level).toBe(false);
    expect(read(IIR)).toBe(0xc4);
    write(MCR, OUT2_RTS_DTR);
    expect(line.level).toBe(true);
    // The guest has been told of one byte; the others may still be on the line.
    write(FCR, 0x03);
    expect(readAvailable()).toBe('bc');
    expect(line.level).toBe(false);
  });
});

describe('a break', () => {
  beforeEach(() => {
    write(FCR, 0x01);
    write(MCR, OUT2_RTS_DTR);
    write(IER, RDI | RLSI);
  });

  test('comes as a character 0 with BI set, once, and as a line status interrupt', () => {
    uart.receive([BREAK, 0x68]);
    expect(line.level).toBe(true);
    expect(read(IIR)).toBe(0xc6);
    expect(read(LSR)).toBe(0x60 | 0x80 | 0x10 | 0x01);
    expect(read(LSR)).toBe(0x61);
    expect(read(IIR)).toBe(0xc4);
    expect(read(DATA)).toBe(0);
    expect(read(DATA)).toBe(0x68);
  });

  test('waits for the characters before it', () => {
    type('ab');
    uart.receive([BREAK]);
    expect(read(LSR)).toBe(0xe1);
    expect([read(DATA), read(DATA)]).toEqual([0x61, 0x62]);
    expect(read(LSR) & 0x10).toBe(0x10);
  });
});

describe('interrupt priorities', () => {
  test('line status, then data, then THRE, then modem status', () => {
    write(FCR, 0x01);
    write(IER, 0x0f);
    read(IIR);
    write(MCR, 0x10 | 0x08);
    for (let byte = 0; byte < 17; byte++) write(DATA, byte);
    expect(read(IIR)).toBe(0xc6);
    read(LSR);
    expect(read(IIR)).toBe(0xc4);
    while ((read(LSR) & 0x01) !== 0) read(DATA);
    expect(read(IIR)).toBe(0xc2);
    expect(read(IIR)).toBe(0xc0);
    expect(read(MSR) & 0x0f).toBe(0x03);
    expect(read(IIR)).toBe(0xc1);
  });

  test('RI counts only when it ends', () => {
    write(IER, MSI);
    write(MCR, 0x10 | OUT2_RTS_DTR);
    read(MSR);
    write(MCR, 0x10 | OUT2_RTS_DTR | 0x04);
    expect(read(IIR)).toBe(0x01);
    write(MCR, 0x10 | OUT2_RTS_DTR);
    expect(read(IIR)).toBe(0x00);
    expect(read(MSR)).toBe(0xb0 | 0x04);
  });
});

test('reset restores the registers and keeps input that is still outside', () => {
  write(LCR, 0x80);
  write(MCR, OUT2_RTS_DTR);
  write(SCR, 1);
  type('abc');
  uart.reset();
  expect([LCR, MCR, SCR, IER].map(read)).toEqual([0, 0, 0, 0]);
  expect(uart.pendingInput).toBe(3);
});

test('a loaded state goes on where it was saved', () => {
  write(FCR, 0x01);
  write(MCR, OUT2_RTS_DTR);
  write(IER, RDI);
  type('abcdefghijklmnopqrstuvwxyz');
  read(DATA);
  const state = uart.save();
  expect(structuredClone(state)).toEqual(state);
  line = new ProbeLine();
  uart = create();
  uart.load(state);
  expect(line.level).toBe(true);
  expect(readAvailable()).toBe('bcdefghijklmnopqrstuvwxyz');
});
