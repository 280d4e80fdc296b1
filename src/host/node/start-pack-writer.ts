/** Has a process of its own keep what a run has compiled (pack-writer.ts), which goes on when this one has ended. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serialize } from 'node:v8';
import type { SaveRequest } from '../../saved-code/messages.ts';
import { CodeFolder } from './code-folder.ts';

/** @throws where nothing can be written. */
export function startPackWriter(request: SaveRequest): void {
  const { store, key } = request.place;
  const folder = resolve(store);
  const file = new CodeFolder(folder).leave(key, serialize(request));
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const program = fileURLToPath(new URL(`./pack-writer.${extension}`, import.meta.url));
  const child = spawn(process.execPath, [program, folder, file], { detached: true, stdio: 'ignore' });
  // Where no process can be started, nothing is kept.
  child.on('error', () => {});
  child.unref();
}
