/**
 * Adds a service worker that keeps every file of the built page, so that it opens without a network after the first
 * visit. A page of another build has other files: it gets its own cache, once all old tabs are closed.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const NAME = 'service-worker.js';

const program = (cache: string, files: readonly string[]): string => `const CACHE = ${JSON.stringify(cache)};
const FILES = ${JSON.stringify(files)};
self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});
self.addEventListener('activate', (event) => {
  const remove = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith('longmode ') && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(remove());
});
self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return;
  const find = async () => {
    const cache = await caches.open(CACHE);
    return (await cache.match(event.request, { ignoreSearch: event.request.mode === 'navigate' })) ?? fetch(event.request);
  };
  event.respondWith(find());
});
`;

export function serviceWorker(): Plugin {
  let outDir = '';
  return {
    name: 'longmode-service-worker',
    apply: 'build',
    configResolved(config) {
      outDir = config.build.outDir;
    },
    closeBundle() {
      const files = readdirSync(outDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== NAME)
        .map((entry) => join(entry.parentPath, entry.name));
      const hash = createHash('sha256');
      for (const file of files.sort()) hash.update(readFileSync(file));
      const urls = files.map(
        (file) => `.${file.slice(outDir.replace(/[\\/]$/, '').length).replaceAll('\\', '/')}`,
      );
      writeFileSync(
        join(outDir, NAME),
        program(`longmode ${hash.digest('hex').slice(0, 16)}`, ['./', ...urls]),
      );
    },
  };
}
