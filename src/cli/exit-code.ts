/** What the process ends with. */

/** The guest powered off, asked for a restart it may not have, or the user quit. */
export const EXIT_OK = 0;
/** The guest died. */
export const EXIT_GUEST_DIED = 1;
/** Bad usage or an input that cannot be used. */
export const EXIT_BAD_INPUT = 2;
/** As sysexits.h has it: an error of the emulator itself. */
export const EXIT_SOFTWARE = 70;
/** As sysexits.h has it, an error of the system: it has no memory for what the guest touches. */
export const EXIT_OUT_OF_MEMORY = 71;
/** As timeout(1) has it. */
export const EXIT_TIMEOUT = 124;
/** Added to a signal's number, as shells do. */
export const EXIT_SIGNAL = 128;
