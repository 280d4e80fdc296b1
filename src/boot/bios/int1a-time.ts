/**
 * INT 1AH: ticks since midnight, and the real-time clock.
 * Source: IBM Personal System/2 and Personal Computer BIOS Interface Technical Reference, "INT 1AH - System-Timer and
 * Real-Time Clock Services".
 */
import type { Service } from './call.ts';
import { type BiosClock, ClockRegister } from './clock.ts';
import { DataField } from './data-area.ts';
import type { BiosSystem } from './system.ts';

const DAYLIGHT_SAVING = 1;

export function time({ data }: BiosSystem, clock: BiosClock): Service {
  return (call) => {
    switch (call.ah) {
      case 0x00: {
        call.al = data.u8(DataField.midnight);
        data.setU8(DataField.midnight, 0);
        call.setWord('cx', data.u16(DataField.ticks + 2));
        call.setWord('dx', data.u16(DataField.ticks));
        break;
      }
      case 0x01:
        data.setU16(DataField.ticks + 2, call.word('cx'));
        data.setU16(DataField.ticks, call.word('dx'));
        data.setU8(DataField.midnight, 0);
        break;
      case 0x02: {
        const [hours = 0, minutes = 0, seconds = 0] = clock.readAll([
          ClockRegister.hours,
          ClockRegister.minutes,
          ClockRegister.seconds,
        ]);
        call.setBytes('cx', hours, minutes);
        call.setBytes('dx', seconds, clock.read(ClockRegister.b) & DAYLIGHT_SAVING);
        break;
      }
      case 0x03:
        clock.writeAll([
          [ClockRegister.hours, call.high('cx')],
          [ClockRegister.minutes, call.low('cx')],
          [ClockRegister.seconds, call.high('dx')],
        ]);
        break;
      case 0x04: {
        const [century = 0, year = 0, month = 0, day = 0] = clock.readAll([
          ClockRegister.century,
          ClockRegister.year,
          ClockRegister.month,
          ClockRegister.day,
        ]);
        call.setBytes('cx', century, year);
        call.setBytes('dx', month, day);
        break;
      }
      case 0x05:
        clock.writeAll([
          [ClockRegister.century, call.high('cx')],
          [ClockRegister.year, call.low('cx')],
          [ClockRegister.month, call.high('dx')],
          [ClockRegister.day, call.low('dx')],
        ]);
        break;
      // No alarm, no PCI BIOS.
      default:
        call.carry = true;
        return;
    }
    call.succeed();
  };
}
