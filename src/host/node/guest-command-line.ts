/** Kernel command line that the guest of guest.ts needs to be usable from a serial terminal. */
export const GUEST_COMMAND_LINE = 'console=ttyS0';
