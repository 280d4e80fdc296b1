/** What the services of the BIOS share. */
import type { GuestMemory } from '../../devices/device.ts';
import type { E820Entry } from '../e820.ts';
import type { Hardware } from '../firmware.ts';
import type { BiosCode } from './code.ts';
import type { BiosConsole } from './console.ts';
import type { DataArea } from './data-area.ts';

export interface BiosSystem {
  readonly memory: GuestMemory;
  readonly hardware: Hardware;
  readonly e820: readonly E820Entry[];
  readonly code: BiosCode;
  readonly data: DataArea;
  readonly console: BiosConsole;
}
