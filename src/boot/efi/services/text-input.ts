/** Simple text input from the first serial port (UEFI specification 2.10, "Simple Text Input Protocol"). */
import { COM1_PORT } from '../../io-map.ts';
import type { EfiCall } from '../call.ts';
import { NOT_READY, SUCCESS } from '../status.ts';
import type { EfiSystem } from '../system.ts';
import type { EventServices } from './events.ts';

const LINE_STATUS = COM1_PORT + 5;
const DATA_READY = 1;
/** Characters that are taken before they are read: the rest of what is pasted waits in the port. */
const PENDING_MAX = 256;

/** Scan codes of what terminals send as escape sequences. */
const SEQUENCES: readonly (readonly [string, number])[] = [
  ['\x1b[A', 0x01],
  ['\x1b[B', 0x02],
  ['\x1b[C', 0x03],
  ['\x1b[D', 0x04],
  ['\x1b[H', 0x05],
  ['\x1b[F', 0x06],
  ['\x1b[2~', 0x07],
  ['\x1b[3~', 0x08],
  ['\x1b[5~', 0x09],
  ['\x1b[6~', 0x0a],
];
const SCAN_ESCAPE = 0x17;
const DELETE = '\x7f';

export class TextInput {
  private readonly system: EfiSystem;
  readonly protocol: number;
  /** What came in and is not read yet. */
  private pending = '';

  constructor(system: EfiSystem, events: EventServices) {
    this.system = system;
    const { stubs, bootCode } = system;
    const waitForKey = events.createPolled(() => this.collect());
    this.protocol = system.placePointers([
      stubs.add(bootCode, () => this.reset()),
      stubs.add(bootCode, (call) => this.readKeyStroke(call)),
      Number(waitForKey),
    ]);
  }

  private reset(): bigint {
    this.collect();
    this.pending = '';
    return SUCCESS;
  }

  /** Takes what the port has. Returns whether there is a key. */
  private collect(): boolean {
    const { hardware } = this.system;
    while (this.pending.length < PENDING_MAX && (hardware.readPort(LINE_STATUS, 1) & DATA_READY) !== 0) {
      this.pending += String.fromCharCode(hardware.readPort(COM1_PORT, 1));
    }
    return this.pending.length > 0;
  }

  private take(): { scanCode: number; character: string } {
    for (const [sequence, scanCode] of SEQUENCES) {
      if (!this.pending.startsWith(sequence)) continue;
      this.pending = this.pending.slice(sequence.length);
      return { scanCode, character: '\0' };
    }
    const character = this.pending.charAt(0);
    this.pending = this.pending.slice(1);
    if (character === '\x1b') return { scanCode: SCAN_ESCAPE, character: '\0' };
    return { scanCode: 0, character: character === DELETE ? '\b' : character };
  }

  private readKeyStroke(call: EfiCall): bigint {
    if (!this.collect()) return NOT_READY;
    const { scanCode, character } = this.take();
    call.setU32(call.argument(1), scanCode | (character.charCodeAt(0) << 16));
    return SUCCESS;
  }
}
