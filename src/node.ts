/** The public API and what only Node has besides: the package's `longmode/node`. */

export {
  type FetchGuestOptions,
  fetchGuest,
  GUEST_COMMAND_LINE,
  type Guest,
  type GuestKernel,
} from './host/node/guest.ts';
export { NodeHost } from './host/node/host.ts';
export * from './index.node.ts';
