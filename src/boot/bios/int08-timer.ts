/** INT 08H, the interrupt of the 8254: counts 18.2 ticks a second since midnight. */

import type { Service } from './call.ts';
import type { BiosClock } from './clock.ts';
import { DataField } from './data-area.ts';
import type { BiosSystem } from './system.ts';

const TICKS_PER_DAY = 0x1800b0;
const SECONDS_PER_DAY = 86_400;

/** Sets the count by the clock. */
export function startTicks({ data }: BiosSystem, clock: BiosClock): void {
  data.setU32(DataField.ticks, Math.floor((clock.secondsOfDay() * TICKS_PER_DAY) / SECONDS_PER_DAY));
}

export function timer({ data }: BiosSystem): Service {
  return () => {
    const ticks = data.u32(DataField.ticks) + 1;
    if (ticks < TICKS_PER_DAY) data.setU32(DataField.ticks, ticks);
    else {
      data.setU32(DataField.ticks, 0);
      data.setU8(DataField.midnight, 1);
    }
  };
}
