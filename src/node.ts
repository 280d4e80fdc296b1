/** The public API and what only Node has besides: the package's `longmode/node`. */

export {
  type FetchGuestOptions,
  fetchGuest,
  type Guest,
  type GuestKernel,
} from './host/node/guest.ts';
export { GUEST_COMMAND_LINE } from './host/node/guest-command-line.ts';
export { NodeHost } from './host/node/host.ts';
export * from './index.node.ts';
