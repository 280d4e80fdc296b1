/**
 * I/O ports and interrupt numbers that the tables announce and the machine's wiring has to follow.
 */

/** Ports of a serial port. */
export const COM_PORT_COUNT = 8;
/** The console. */
export const COM1_PORT = 0x3f8;
export const COM1_IRQ = 4;
/** What the emulator has to tell the guest: the size of the terminal. */
export const COM2_PORT = 0x2f8;
export const COM2_IRQ = 3;

export const RTC_PORT = 0x70;
export const RTC_PORT_COUNT = 2;
export const RTC_IRQ = 8;
/** CMOS register with the century. */
export const RTC_CENTURY_REGISTER = 0x32;

/** PCI configuration mechanism 1: address and data register. */
export const PCI_CONFIG_PORT = 0xcf8;
export const PCI_CONFIG_PORT_END = 0xd00;

/** Reset control register, and the value that resets the machine. */
export const RESET_PORT = 0xcf9;
export const RESET_VALUE = 6;

/** ACPI fixed registers. */
export const PM1A_EVENT_PORT = 0x600;
export const PM1A_EVENT_SIZE = 4;
export const PM1A_CONTROL_PORT = 0x604;
export const PM1A_CONTROL_SIZE = 2;
export const PM_TIMER_PORT = 0x608;
export const PM_TIMER_SIZE = 4;
export const GPE0_PORT = 0x60c;
export const GPE0_SIZE = 4;
/** The ports above, and room up to here. */
export const PM_PORT_COUNT = 0x40;

/** System control interrupt: ISA interrupt and I/O APIC input of the same number, level, active high. */
export const SCI_IRQ = 9;
/** SLP_TYP value in PM1a control that turns the machine off. */
export const S5_SLEEP_TYPE = 5;

/** I/O APIC input of the timer (ISA interrupt 0). */
export const TIMER_GSI = 2;
export const IO_APIC_ID = 0;

const FIRST_PCI_GSI = 16;
const PCI_GSI_COUNT = 8;

/**
 * I/O APIC input that an interrupt pin of a PCI device on bus 0 is wired to (16..23, level).
 * @param slot device number 0..31. @param pin 0 for INTA# .. 3 for INTD#.
 */
export function pciInterruptGsi(slot: number, pin: number): number {
  return FIRST_PCI_GSI + ((slot + pin) % PCI_GSI_COUNT);
}
