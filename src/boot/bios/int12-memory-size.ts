/** INT 12H: conventional memory in KiB. */
import type { Service } from './call.ts';
import { DataField } from './data-area.ts';
import type { BiosSystem } from './system.ts';

export function memorySize({ data }: BiosSystem): Service {
  return (call) => {
    call.ax = data.u16(DataField.memorySize);
  };
}
