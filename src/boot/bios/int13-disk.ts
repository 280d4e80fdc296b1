/**
 * INT 13H, the disks, of which there are none.
 * Source: IBM Personal System/2 and Personal Computer BIOS Interface Technical Reference, "INT 13H - Diskette" and
 * "Fixed Disk"; Enhanced Disk Drive Specification.
 */
import type { Service } from './call.ts';

const INVALID_FUNCTION = 0x01;
const DRIVE_NOT_READY = 0x80;
const FIRST_FIXED_DISK = 0x80;
const PARAMETERS = 0x08;
const DRIVE_TYPE = 0x15;

export function disk(): Service {
  return (call) => {
    const isDiskette = call.low('dx') < FIRST_FIXED_DISK;
    if (call.ah === DRIVE_TYPE) {
      // No such drive, which is a successful answer.
      call.ah = 0;
      call.succeed();
    } else if (call.ah === PARAMETERS && isDiskette) {
      // So is "no diskette drives".
      call.ax = 0;
      for (const register of ['bx', 'cx', 'dx'] as const) call.setWord(register, 0);
      call.succeed();
    } else {
      call.fail(isDiskette ? DRIVE_NOT_READY : INVALID_FUNCTION);
    }
  };
}
