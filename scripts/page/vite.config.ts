/** The page as a static folder. `base` is relative, so that it runs beneath any path of any host. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { serviceWorker } from './service-worker.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export default defineConfig({
  root: `${root}src/page`,
  base: './',
  // The demo guest: guest.ts copies it there.
  publicDir: `${root}build/page-public`,
  resolve: { alias: { longmode: `${root}dist/index.browser.js` } },
  server: { fs: { allow: [root] } },
  build: {
    outDir: `${root}build/page`,
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 1000,
    // Binaryen alone is 10 MB; sizes are in the README.
    reportCompressedSize: false,
  },
  plugins: [serviceWorker()],
});
