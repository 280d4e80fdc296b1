/** A static file server with no headers of its own but the media type: what the cheapest host does. */
import { readFile } from 'node:fs/promises';
import { createServer, type OutgoingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Folders, or contents of files, by the start of their path: `/longmode/` or `/index.html`. */
export type Routes = Readonly<Record<string, { readonly folder: string } | string | Uint8Array>>;

export interface StaticServer {
  /** Without a slash at its end. */
  readonly origin: string;
  /** Paths that were asked for, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

async function find(routes: Routes, path: string): Promise<string | Uint8Array | undefined> {
  const prefix = Object.keys(routes)
    .filter((start) => (start.endsWith('/') ? path.startsWith(start) : path === start))
    .sort((a, b) => b.length - a.length)[0];
  const route = prefix === undefined ? undefined : routes[prefix];
  if (route === undefined || typeof route === 'string' || route instanceof Uint8Array) return route;
  const inside = normalize(path.slice((prefix as string).length) || 'index.html');
  return await readFile(join(route.folder, inside.endsWith('/') ? `${inside}index.html` : inside)).catch(
    () => undefined,
  );
}

/** @param headers to send with every file. */
export async function serve(routes: Routes, headers: OutgoingHttpHeaders = {}): Promise<StaticServer> {
  const requests: string[] = [];
  const server: Server = createServer(async ({ url = '/' }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://host').pathname);
    requests.push(path);
    const content = await find(routes, path);
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(path.endsWith('/') ? 'index.html' : path)] ?? 'application/octet-stream';
    const size = Buffer.byteLength(content);
    response.writeHead(200, { ...headers, 'content-type': type, 'content-length': size });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // None can be opened any more.
        server.closeAllConnections();
      }),
  };
}
