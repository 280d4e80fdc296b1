/** Which outputs of the build are older than what they are made from. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Written by generate-layout.ts on the way. */
const GENERATED = 'generated';

/** The latest change beneath a path, in milliseconds since 1970. A folder changes when a file comes or goes. */
function lastChange(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  const inside = readdirSync(path)
    .filter((name) => name !== GENERATED)
    .map((name) => lastChange(join(path, name)));
  return Math.max(...inside, path === join(root, 'wasm-runtime') ? 0 : status.mtimeMs);
}

/**
 * True if the output is not there or older than one of its sources.
 *
 * @param output path in the project.
 * @param sources files and folders in the project.
 */
export function isStale(output: string, sources: readonly string[]): boolean {
  const target = join(root, output);
  if (!existsSync(target)) return true;
  const built = statSync(target).mtimeMs;
  return sources.some((source) => lastChange(join(root, source)) > built);
}
