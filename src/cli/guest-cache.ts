/** Where the downloaded guest and, in the user's cache folder, compiled code are kept. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package, or the checkout it is run from. */
const PACKAGE_FOLDER = fileURLToPath(new URL('../../', import.meta.url));

/** In a checkout .cache/guest; else the user's cache folder (XDG Base Directory Specification). */
export function guestCacheFolder(): string {
  const isCheckout = existsSync(join(PACKAGE_FOLDER, 'scripts', 'setup.mjs'));
  if (isCheckout) return join(PACKAGE_FOLDER, '.cache', 'guest');
  return join(userCacheFolder(), 'guest');
}

/** Where code is kept that guests have been compiled to, if nothing else is said. */
export function codeCacheFolder(): string {
  return join(userCacheFolder(), 'code');
}

function userCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'longmode');
}
