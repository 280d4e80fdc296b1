/** Compiled code in a browser's Cache Storage, which pages of one origin share: an entry for each key. */
import type { CodeStore } from '../../saved-code/messages.ts';

/** Most entries that are kept, of up to 12 MB: what was written first goes. */
const MOST_ENTRIES = 8;

export class CodeStorage implements CodeStore {
  private readonly name: string;

  /** @param name of a Cache. */
  constructor(name: string) {
    this.name = name;
  }

  async read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      const cache = await caches.open(this.name);
      const stored = await cache.match(addressOf(key));
      return stored === undefined ? undefined : new Uint8Array(await stored.arrayBuffer());
    } catch {
      // There is no Cache Storage in pages that did not come by HTTPS, and it may be forbidden.
      return undefined;
    }
  }

  async write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const cache = await caches.open(this.name);
    // All of it or nothing: an entry is there when its body is.
    await cache.put(addressOf(key), new Response(bytes));
    // In the order in which they were put.
    const entries = await cache.keys();
    for (const entry of entries.slice(0, -MOST_ENTRIES)) await cache.delete(entry);
  }
}

/** Entries of a Cache are told by addresses; nobody asks for this one. */
function addressOf(key: string): string {
  return `https://longmode.invalid/${key}`;
}
