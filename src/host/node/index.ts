/** What only Node has: the package's `longmode/node`. */
export { type FetchGuestOptions, fetchGuest, GUEST_COMMAND_LINE, type Guest } from './guest.ts';
export { NodeHost } from './host.ts';
