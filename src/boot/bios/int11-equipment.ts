/** INT 11H: what is plugged in, as a word of bits. */
import type { Service } from './call.ts';
import { DataField } from './data-area.ts';
import type { BiosSystem } from './system.ts';

export function equipment({ data }: BiosSystem): Service {
  return (call) => {
    call.ax = data.u16(DataField.equipment);
  };
}
