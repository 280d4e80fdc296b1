/**
 * The BIOS of a PC, for what starts in real mode: interrupt vectors, data area, entry points, and the services behind
 * them. It sets up the interrupt controllers and the timer as a self-test would have left them.
 */
import type { GuestMemory } from '../../devices/device.ts';
import type { BootInput } from '../door.ts';
import { BadAddress, type Caller, type Firmware, type Hardware } from '../firmware.ts';
import { PIC_MASTER_PORT, PIC_SLAVE_PORT, PIT_PORT } from '../io-map.ts';
import { ApmBios } from './apm.ts';
import { BiosCall, FAR_CALL_FRAME, type FarPointer, INTERRUPT_FRAME, type Service } from './call.ts';
import { BiosClock } from './clock.ts';
import { BiosCode } from './code.ts';
import { BiosConsole } from './console.ts';
import { DataArea } from './data-area.ts';
import { time } from './int1a-time.ts';
import { startTicks, timer } from './int08-timer.ts';
import { video } from './int10-video.ts';
import { equipment } from './int11-equipment.ts';
import { memorySize } from './int12-memory-size.ts';
import { disk } from './int13-disk.ts';
import { systemServices } from './int15-system.ts';
import { keyboard } from './int16-keyboard.ts';
import type { BiosSystem } from './system.ts';

const VECTORS = 256;
const MASTER_VECTORS = 0x08;
const SLAVE_VECTORS = 0x70;
const CONTROLLER_LINES = 8;
const INT_TIMER = 0x08;
const INT_VIDEO = 0x10;
const INT_EQUIPMENT = 0x11;
const INT_MEMORY_SIZE = 0x12;
const INT_DISK = 0x13;
const INT_SYSTEM = 0x15;
const INT_KEYBOARD = 0x16;
const INT_ROM_BASIC = 0x18;
const INT_BOOT = 0x19;
const INT_TIME = 0x1a;

/** No interrupt: the protected-mode entry of the APM BIOS, by the number of its function in INT 15H. */
const APM_ENTRY = 0x53;

/** Initialisation words of the 8259: edge triggered, vectors, the slave on line 2, 8086 mode; then the mask. */
const MASTER_WORDS = [MASTER_VECTORS, 1 << 2, 1, 0xfa];
const SLAVE_WORDS = [SLAVE_VECTORS, 2, 1, 0xff];
const INITIALIZE = 0x11;
/** Counter 0 of the 8254: square wave, from 65536 down. */
const SQUARE_WAVE = 0x36;

/** The services by the number of their interrupt. */
class Bios implements Firmware {
  private readonly services: ReadonlyMap<number, Service>;

  constructor(services: ReadonlyMap<number, Service>) {
    this.services = services;
  }

  call(number: number, caller: Caller): void {
    try {
      // The port can be written by anyone.
      const frame = number === APM_ENTRY ? FAR_CALL_FRAME : INTERRUPT_FRAME;
      this.services.get(number)?.(new BiosCall(caller, frame));
    } catch (error) {
      // Neither has a stack to be where memory is.
      if (!(error instanceof BadAddress)) throw error;
    }
  }
}

function startHardware(hardware: Hardware): void {
  for (const [port, words] of [
    [PIC_MASTER_PORT, MASTER_WORDS],
    [PIC_SLAVE_PORT, SLAVE_WORDS],
  ] as const) {
    hardware.writePort(port, 1, INITIALIZE);
    for (const word of words) hardware.writePort(port + 1, 1, word);
  }
  hardware.writePort(PIT_PORT + 3, 1, SQUARE_WAVE);
  hardware.writePort(PIT_PORT, 1, 0);
  hardware.writePort(PIT_PORT, 1, 0);
}

function writeVectors(memory: GuestMemory, { code }: BiosSystem, own: ReadonlyMap<number, FarPointer>): void {
  const master = code.addHardwareInterrupt('master');
  const slave = code.addHardwareInterrupt('slave');
  const table = new Uint8Array(VECTORS * 4);
  const view = new DataView(table.buffer);
  for (let vector = 0; vector < VECTORS; vector++) {
    let pointer = own.get(vector) ?? code.dummy;
    if (!own.has(vector) && vector >= MASTER_VECTORS && vector < MASTER_VECTORS + CONTROLLER_LINES)
      pointer = master;
    if (vector >= SLAVE_VECTORS && vector < SLAVE_VECTORS + CONTROLLER_LINES) pointer = slave;
    view.setUint16(vector * 4, pointer.offset, true);
    view.setUint16(vector * 4 + 2, pointer.segment, true);
  }
  memory.write(0, table);
}

/** Puts the BIOS into memory. Returns what answers its entry points. */
export function installBios(memory: GuestMemory, { e820, hardware }: BootInput): Firmware {
  const code = new BiosCode(memory);
  const system: BiosSystem = {
    memory,
    hardware,
    e820,
    code,
    data: new DataArea(memory),
    console: new BiosConsole(hardware),
  };
  system.data.initialize();
  startHardware(hardware);
  const clock = new BiosClock(hardware);
  startTicks(system, clock);
  const videoEntry = code.addService(INT_VIDEO);
  const systemEntry = code.addService(INT_SYSTEM);
  const keyboardEntry = code.addService(INT_KEYBOARD);
  const apm = new ApmBios(hardware, code.addFarService(APM_ENTRY));
  const services = new Map<number, Service>([
    [INT_TIMER, timer(system)],
    [INT_VIDEO, video(system, videoEntry)],
    [INT_EQUIPMENT, equipment(system)],
    [INT_MEMORY_SIZE, memorySize(system)],
    [INT_DISK, disk()],
    [INT_SYSTEM, systemServices(system, apm, systemEntry)],
    [INT_KEYBOARD, keyboard(system, code.addWait(keyboardEntry))],
    [INT_TIME, time(system, clock)],
    [APM_ENTRY, (call) => apm.call(call)],
  ]);
  const entries = new Map<number, FarPointer>([
    [INT_TIMER, code.addTimer(INT_TIMER)],
    [INT_VIDEO, videoEntry],
    [INT_SYSTEM, systemEntry],
    [INT_KEYBOARD, keyboardEntry],
    [INT_ROM_BASIC, code.reset],
    [INT_BOOT, code.reset],
  ]);
  for (const number of services.keys()) {
    if (!entries.has(number) && number !== APM_ENTRY) entries.set(number, code.addService(number));
  }
  writeVectors(memory, system, entries);
  return new Bios(services);
}
