/** Makes the built page open without a network from the second visit on. */

/** Milliseconds before all files are read once more: the visitor may be about to type. */
const DELAY = 5000;

/** After the boot, so that it is not slowed down. */
export function keepForOffline(): void {
  // The development server has other files each time.
  if (import.meta.env.DEV) return;
  // Not on pages without TLS, nor where storage is refused: they just need the network.
  setTimeout(() => navigator.serviceWorker?.register('./service-worker.js').catch(() => {}), DELAY);
}
