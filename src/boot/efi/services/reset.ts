/** UEFI specification 2.10, "Reset System": by the chipset, as an operating system would do it. */
import { PM1A_CONTROL_PORT, RESET_PORT, RESET_VALUE, S5_SLEEP_TYPE } from '../../io-map.ts';
import type { EfiSystem } from '../system.ts';

export const RESET_SHUTDOWN = 2;
const SLEEP_ENABLE = 1 << 13;
const SLEEP_TYPE_SHIFT = 10;

/** Cold and warm reset are the same here. */
export function resetSystem({ hardware }: EfiSystem, kind: number): void {
  if (kind === RESET_SHUTDOWN) {
    hardware.writePort(PM1A_CONTROL_PORT, 2, SLEEP_ENABLE | (S5_SLEEP_TYPE << SLEEP_TYPE_SHIFT));
  } else {
    hardware.writePort(RESET_PORT, 1, RESET_VALUE);
  }
}
