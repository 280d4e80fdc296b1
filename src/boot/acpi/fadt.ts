/**
 * The fixed ACPI description table and the firmware control structure.
 * Source: ACPI specification 6.5, "Fixed ACPI Description Table" and "Firmware ACPI Control Structure".
 */
import { ByteWriter } from '../byte-writer.ts';
import {
  GPE0_PORT,
  GPE0_SIZE,
  PM_PORT,
  PM_TIMER_PORT,
  PM_TIMER_SIZE,
  PM1A_CONTROL_PORT,
  PM1A_CONTROL_SIZE,
  PM1A_EVENT_PORT,
  PM1A_EVENT_SIZE,
  RESET_PORT,
  RESET_VALUE,
  RTC_CENTURY_REGISTER,
  SCI_IRQ,
} from '../io-map.ts';
import {
  ACCESS_BYTE,
  ACCESS_DWORD,
  ACCESS_WORD,
  buildTable,
  SPACE_IO,
  writeGenericAddress,
} from './table.ts';

const FADT_REVISION = 6;
const FADT_MINOR_VERSION = 0;

/** Devices on an ISA-like bus; no VGA; no 8042 keyboard controller; the RTC is there. */
const BOOT_ARCH_LEGACY_DEVICES = 1 << 0;
const BOOT_ARCH_NO_VGA = 1 << 2;

const FLAG_WBINVD = 1 << 0;
const FLAG_PROC_C1 = 1 << 2;
/** There is no sleep button; the power button is a fixed feature. */
const FLAG_NO_FIXED_SLEEP_BUTTON = 1 << 5;
/** The RTC does not wake the machine through the fixed registers. */
const FLAG_NO_FIXED_RTC_WAKE = 1 << 6;
/** TMR_VAL_EXT: the PM timer has 32 bits. */
const FLAG_TIMER_32_BITS = 1 << 8;
const FLAG_RESET_REGISTER = 1 << 10;

/** Latencies beyond these mean that the processors have no C2 and C3 (more than 100 and 1000 us). */
const NO_C2_LATENCY = 0xfff;
const NO_C3_LATENCY = 0xfff;

/** Offsets of FIRMWARE_CTRL, DSDT and X_DSDT. */
export const FADT_POINTERS = [
  { at: 36, size: 4 },
  { at: 40, size: 4 },
  { at: 140, size: 8 },
] as const;

/**
 * @param facsAddress, dsdtAddress guest-physical, below 4 GiB.
 * @param pmPort where the power management registers are.
 */
export function buildFadt(facsAddress: number, dsdtAddress: number, pmPort: number): Uint8Array {
  const moved = (port: number): number => pmPort + port - PM_PORT;
  const body = new ByteWriter();
  const absent = 0;
  body
    .u32(facsAddress)
    .u32(dsdtAddress)
    .u8(0) // reserved
    .u8(0) // Preferred_PM_Profile: unspecified
    .u16(SCI_IRQ)
    .u32(0) // SMI_CMD: 0, the machine is always in ACPI mode
    .u8(0, 0, 0, 0) // ACPI_ENABLE, ACPI_DISABLE, S4BIOS_REQ, PSTATE_CNT
    .u32(moved(PM1A_EVENT_PORT))
    .u32(absent) // PM1b_EVT_BLK
    .u32(moved(PM1A_CONTROL_PORT))
    .u32(absent) // PM1b_CNT_BLK
    .u32(absent) // PM2_CNT_BLK
    .u32(moved(PM_TIMER_PORT))
    .u32(moved(GPE0_PORT))
    .u32(absent) // GPE1_BLK
    .u8(PM1A_EVENT_SIZE, PM1A_CONTROL_SIZE, absent, PM_TIMER_SIZE, GPE0_SIZE, absent)
    .u8(0, 0) // GPE1_BASE, CST_CNT
    .u16(NO_C2_LATENCY)
    .u16(NO_C3_LATENCY)
    .u16(0) // FLUSH_SIZE
    .u16(0) // FLUSH_STRIDE
    .u8(0, 0) // DUTY_OFFSET, DUTY_WIDTH
    .u8(0, 0, RTC_CENTURY_REGISTER) // DAY_ALRM, MON_ALRM, CENTURY
    .u16(BOOT_ARCH_LEGACY_DEVICES | BOOT_ARCH_NO_VGA)
    .u8(0) // reserved
    .u32(
      FLAG_WBINVD |
        FLAG_PROC_C1 |
        FLAG_NO_FIXED_SLEEP_BUTTON |
        FLAG_NO_FIXED_RTC_WAKE |
        FLAG_TIMER_32_BITS |
        FLAG_RESET_REGISTER,
    );
  writeGenericAddress(body, SPACE_IO, RESET_PORT, 1, ACCESS_BYTE);
  body
    .u8(RESET_VALUE)
    .u16(0) // ARM_BOOT_ARCH
    .u8(FADT_MINOR_VERSION)
    .u64(0n) // X_FIRMWARE_CTRL: 0, the 32-bit field holds
    .u64(BigInt(dsdtAddress));
  const registers: [port: number, size: number, accessSize: number][] = [
    [moved(PM1A_EVENT_PORT), PM1A_EVENT_SIZE, ACCESS_WORD],
    [absent, 0, 0], // X_PM1b_EVT_BLK
    [moved(PM1A_CONTROL_PORT), PM1A_CONTROL_SIZE, ACCESS_WORD],
    [absent, 0, 0], // X_PM1b_CNT_BLK
    [absent, 0, 0], // X_PM2_CNT_BLK
    [moved(PM_TIMER_PORT), PM_TIMER_SIZE, ACCESS_DWORD],
    [moved(GPE0_PORT), GPE0_SIZE, ACCESS_BYTE],
    [absent, 0, 0], // X_GPE1_BLK
    [absent, 0, 0], // SLEEP_CONTROL_REG
    [absent, 0, 0], // SLEEP_STATUS_REG
  ];
  for (const [port, size, accessSize] of registers) {
    writeGenericAddress(body, size === 0 ? 0 : SPACE_IO, port, size, accessSize);
  }
  body.u64(0n); // hypervisor vendor identity
  return buildTable('FACP', FADT_REVISION, body.toBytes());
}

const FACS_LENGTH = 64;
const FACS_VERSION = 2;

/** Has no checksum; must lie at a multiple of 64. */
export function buildFacs(): Uint8Array {
  const facs = new ByteWriter().text('FACS', 4).u32(FACS_LENGTH);
  // Hardware signature, waking vector, global lock, flags, extended waking vector.
  facs.u32(0).u32(0).u32(0).u32(0).u64(0n).u8(FACS_VERSION);
  return facs.zeros(FACS_LENGTH - facs.length).toBytes();
}
