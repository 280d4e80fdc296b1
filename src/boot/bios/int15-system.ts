/**
 * INT 15H, system services: memory maps and sizes, block moves, the A20 gate, waiting, what machine this is, and power
 * management (apm.ts).
 * Source: ACPI specification 6.5, "System Address Map Interfaces"; IBM Personal System/2 and Personal Computer BIOS
 * Interface Technical Reference, "INT 15H - System Services".
 */

import { E820_RAM, type E820Entry } from '../e820.ts';
import { BadAddress } from '../firmware.ts';
import { CONVENTIONAL_MEMORY_END, EXTENDED_MEMORY, HIGH_RAM, KIB, MIB } from '../memory-map.ts';
import type { ApmBios } from './apm.ts';
import type { BiosCall, FarPointer, Service } from './call.ts';
import { MODEL_AT } from './code.ts';
import type { BiosSystem } from './system.ts';

const UNSUPPORTED = 0x86;

/** "SMAP" */
const MAP_SIGNATURE = 0x534d4150;
const MAP_ENTRY_SIZE = 20;

/** From the start of the block move's descriptor table. */
const SOURCE_DESCRIPTOR = 0x10;
const TARGET_DESCRIPTOR = 0x18;
const MOST_WORDS = 0x8000;
const PARITY_ERROR = 0x01;
const EXCEPTION = 0x02;

/** Where AX=E801H begins to count anew, and what AH=88H can say at most, in KiB. */
const FIRST_RANGE_END = 16 * MIB;
const MOST_EXTENDED = 63 * KIB;

/** Keyboard controller and system control port A. */
const GATE_WAYS = 3;

/**
 * The table AH=C0H leads to: model, submodel, revision, and features: two interrupt controllers, a real-time clock, an
 * extended BIOS data area; INT 16H/AH=09H and the rest are not there.
 */
const CONFIGURATION = [8, 0, MODEL_AT, 1, 0, 0x64, 0, 0, 0, 0];

const NANOSECONDS_PER_MICROSECOND = 1000;
/** A wait that lasts longer than a tick of the timer may halt. */
const TICK = 55_000_000;

function writeMapEntry(system: BiosSystem, call: BiosCall): void {
  const index = call.double('bx');
  const entry = system.e820[index];
  if (entry === undefined || call.double('dx') !== MAP_SIGNATURE || call.double('cx') < MAP_ENTRY_SIZE) {
    call.fail(UNSUPPORTED);
    return;
  }
  const bytes = new Uint8Array(MAP_ENTRY_SIZE);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(entry.address), true);
  view.setBigUint64(8, BigInt(entry.length), true);
  view.setUint32(16, entry.type, true);
  call.write('es', call.word('di'), bytes);
  call.eax = MAP_SIGNATURE;
  call.setDouble('cx', MAP_ENTRY_SIZE);
  call.setDouble('bx', index + 1 < system.e820.length ? index + 1 : 0);
  call.succeed();
}

/** Bytes of RAM from 1 MiB on without a hole. */
function extendedMemory(e820: readonly E820Entry[]): number {
  let end = EXTENDED_MEMORY;
  for (const { address, length, type } of e820) {
    if (type === E820_RAM && address === end && address < HIGH_RAM) end = address + length;
  }
  return end - EXTENDED_MEMORY;
}

/** CX words from one descriptor's address to another's. */
function moveBlock({ memory }: BiosSystem, call: BiosCall): void {
  const words = call.word('cx');
  const table = call.read('es', call.word('si'), TARGET_DESCRIPTOR + 8);
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const base = (at: number): number =>
    view.getUint16(at + 2, true) + view.getUint8(at + 4) * 0x1_0000 + view.getUint8(at + 7) * 0x100_0000;
  if (words > MOST_WORDS) {
    call.fail(EXCEPTION);
    return;
  }
  try {
    memory.write(base(TARGET_DESCRIPTOR), memory.read(base(SOURCE_DESCRIPTOR), words * 2));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    call.fail(PARITY_ERROR);
    return;
  }
  call.ah = 0;
  call.zero = true;
  call.succeed();
}

function gate(call: BiosCall): void {
  switch (call.al) {
    case 0x01:
      call.ah = 0;
      call.succeed();
      return;
    case 0x02:
      call.ax = 1;
      call.succeed();
      return;
    case 0x03:
      call.ah = 0;
      call.setWord('bx', GATE_WAYS);
      call.succeed();
      return;
    // Address line 20 is never masked.
    default:
      call.fail(UNSUPPORTED);
  }
}

/** Sizes of the memory from 1 to 16 MiB in KiB, and above in 64 KiB, twice. */
function memorySizes(bytes: number, call: BiosCall): void {
  const first = Math.min(bytes, FIRST_RANGE_END - EXTENDED_MEMORY);
  call.ax = first / KIB;
  call.setWord('cx', first / KIB);
  call.setWord('bx', (bytes - first) / (64 * KIB));
  call.setWord('dx', (bytes - first) / (64 * KIB));
  call.succeed();
}

/** @param itself its entry point. */
export function systemServices(system: BiosSystem, apm: ApmBios, itself: FarPointer): Service {
  const configuration = system.code.add(CONFIGURATION);
  const afterInterrupt = system.code.addWait(itself);
  const extended = extendedMemory(system.e820);
  let waitEnd: number | undefined;

  /** AH=86H: the caller goes on when CX:DX microseconds have gone by. */
  const wait = (call: BiosCall): void => {
    const now = system.hardware.now();
    const microseconds = call.word('cx') * 0x1_0000 + call.word('dx');
    waitEnd ??= now + microseconds * NANOSECONDS_PER_MICROSECOND;
    if (now < waitEnd) {
      call.goOnAt(waitEnd - now > TICK ? afterInterrupt : itself);
      return;
    }
    waitEnd = undefined;
    call.succeed();
  };

  const serve: Service = (call) => {
    switch (call.ah) {
      case 0x24:
        gate(call);
        return;
      case 0x53:
        apm.callRealMode(call);
        return;
      case 0x86:
        wait(call);
        return;
      case 0x87:
        moveBlock(system, call);
        return;
      case 0x88:
        call.ax = Math.min(extended / KIB, MOST_EXTENDED);
        call.succeed();
        return;
      case 0xc0:
        call.es = configuration.segment;
        call.setWord('bx', configuration.offset);
        call.ah = 0;
        call.succeed();
        return;
      case 0xc1:
        call.es = CONVENTIONAL_MEMORY_END / 16;
        call.succeed();
        return;
      case 0xe8:
        if (call.al === 0x20) writeMapEntry(system, call);
        else if (call.al === 0x01) memorySizes(extended, call);
        else call.fail(UNSUPPORTED);
        return;
      default:
        call.fail(UNSUPPORTED);
    }
  };
  return (call) => {
    try {
      serve(call);
    } catch (error) {
      if (!(error instanceof BadAddress)) throw error;
      call.fail(UNSUPPORTED);
    }
  };
}
