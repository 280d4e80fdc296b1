/**
 * Milliseconds after which a test is taken to hang. No test depends on how fast the machine is, so this is the one
 * limit, and far from what a test takes on a machine that does twenty other things.
 */
export const SAFETY_LIMIT = 15 * 60_000;
/** The same for one wait in a test, which then tells what it has waited for. */
export const WAIT_LIMIT = SAFETY_LIMIT / 3;
