/**
 * The guest code of the BIOS, in the segment F000H: an entry point for each service, handlers of the hardware's
 * interrupts, and the reset vector.
 *
 *     06        push es
 *     50        push ax
 *     b0 NN     mov al, NN
 *     e6 b2     out 0b2h, al      ; the service, in TypeScript
 *     58        pop ax
 *     07        pop es
 *     cf        iret
 */
import type { GuestMemory } from '../../devices/device.ts';
import { firmwareStub } from '../firmware.ts';
import { PIC_MASTER_PORT, PIC_SLAVE_PORT, RESET_PORT, RESET_VALUE } from '../io-map.ts';
import { BIOS_AREA } from '../memory-map.ts';
import type { FarPointer } from './call.ts';

const SEGMENT = BIOS_AREA / 16;
/** Behind the tables in this segment; programs know some of the places. */
const CODE = 0xe000;
const POWER_ON_SELF_TEST = 0xe05b;
const MORE_CODE = 0xe100;
const DUMMY_INTERRUPT = 0xff53;
const RESET_VECTOR = 0xfff0;
const RELEASE_DATE = 0xfff5;
const MODEL = 0xfffe;

/** That of SMBIOS. */
const RELEASED = '01/01/14';
/** IBM AT, which every PC says it is. */
export const MODEL_AT = 0xfc;
const COPYRIGHT = 'longmode BIOS';

const PUSH_ES_AX = [0x06, 0x50];
const POP_AX_ES = [0x58, 0x07];
const PUSH_AX = [0x50];
const POP_AX = [0x58];
const PUSH_FLAGS = [0x9c];
const POP_FLAGS = [0x9d];
const RETURN_FAR = [0xcb];
const IRET = [0xcf];
const USER_TICK = [0xcd, 0x1c];
const HLT = [0xf4];
const CLI = [0xfa];
/** OCW2: the interrupt that is being served is done. */
const END_OF_INTERRUPT = 0x20;

const outAl = (port: number, value: number): number[] => [0xb0, value, 0xe6, port];
/** firmwareStub() without its RET. */
const callService = (service: number): number[] => [...firmwareStub(service).subarray(0, -1)];

const END_MASTER = outAl(PIC_MASTER_PORT, END_OF_INTERRUPT);
const END_SLAVE = outAl(PIC_SLAVE_PORT, END_OF_INTERRUPT);

/** mov dx, port; mov al, value; out dx, al; cli; hlt */
const RESET = [0xba, RESET_PORT & 0xff, RESET_PORT >> 8, 0xb0, RESET_VALUE, 0xee, ...CLI, ...HLT];
const jumpFar = ({ segment, offset }: FarPointer): number[] => [
  0xea,
  offset & 0xff,
  offset >> 8,
  segment & 0xff,
  segment >> 8,
];

export class BiosCode {
  private readonly memory: GuestMemory;
  private next = MORE_CODE;
  /** An IRET. */
  readonly dummy = this.pointer(DUMMY_INTERRUPT);
  /** Resets the machine. */
  readonly reset = this.pointer(POWER_ON_SELF_TEST);

  constructor(memory: GuestMemory) {
    this.memory = memory;
    const text = (characters: string): number[] =>
      [...characters].map((character) => character.charCodeAt(0));
    this.place(CODE, text(COPYRIGHT));
    this.place(POWER_ON_SELF_TEST, RESET);
    this.place(DUMMY_INTERRUPT, IRET);
    this.place(RESET_VECTOR, jumpFar(this.reset));
    this.place(RELEASE_DATE, text(RELEASED));
    this.place(MODEL, [MODEL_AT]);
  }

  private pointer(offset: number): FarPointer {
    return { segment: SEGMENT, offset };
  }

  private place(offset: number, bytes: readonly number[]): void {
    this.memory.write(BIOS_AREA + offset, Uint8Array.from(bytes));
  }

  /** Places code or data where there is room. */
  add(bytes: readonly number[]): FarPointer {
    const at = this.pointer(this.next);
    if (this.next + bytes.length > DUMMY_INTERRUPT) throw new RangeError('no room for more code of the BIOS');
    this.place(this.next, bytes);
    this.next += bytes.length;
    return at;
  }

  /** Entry point of a service. @param number what the firmware is called with. */
  addService(number: number): FarPointer {
    return this.add([...PUSH_ES_AX, ...callService(number), ...POP_AX_ES, ...IRET]);
  }

  /** Entry point of a service for far calls of 32-bit code, in a segment that begins at F0000H. */
  addFarService(number: number): FarPointer {
    return this.add([
      ...PUSH_FLAGS,
      ...PUSH_AX,
      ...callService(number),
      ...POP_AX,
      ...POP_FLAGS,
      ...RETURN_FAR,
    ]);
  }

  /** Waits for an interrupt and goes on at `pointer`. */
  addWait(pointer: FarPointer): FarPointer {
    return this.add([...HLT, ...jumpFar(pointer)]);
  }

  /** The timer's interrupt: a service, the user's handler, and the end of the interrupt. */
  addTimer(number: number): FarPointer {
    return this.add([
      ...PUSH_ES_AX,
      ...callService(number),
      ...USER_TICK,
      ...END_MASTER,
      ...POP_AX_ES,
      ...IRET,
    ]);
  }

  /** An interrupt of hardware that nobody uses. */
  addHardwareInterrupt(controller: 'master' | 'slave'): FarPointer {
    const end = controller === 'slave' ? [...END_SLAVE, ...END_MASTER.slice(2)] : END_MASTER;
    return this.add([...PUSH_AX, ...end, ...POP_AX, ...IRET]);
  }
}
