/** The browsers of this machine, started without a window. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';

export interface InstalledBrowser {
  readonly name: 'chromium' | 'firefox';
  readonly path: string;
}

/** How the programs are called, the first that is there counts. */
const PROGRAMS: Readonly<Record<InstalledBrowser['name'], readonly string[]>> = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
  firefox: ['firefox-esr', 'firefox'],
};

/** No sandbox: root may not have one. The others keep the browser from using the network for itself. */
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function find(name: InstalledBrowser['name']): InstalledBrowser | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = PROGRAMS[name].flatMap((program) => folders.map((folder) => join(folder, program)));
  const path = paths.find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : { name, path };
}

/** The browsers that are installed. Tells which are not, and so are not tested in. */
export function installedBrowsers(): InstalledBrowser[] {
  const names = Object.keys(PROGRAMS) as InstalledBrowser['name'][];
  const found = names.flatMap((name) => find(name) ?? []);
  const missing = names.filter((name) => !found.some((browser) => browser.name === name));
  if (missing.length > 0) console.warn(`skipped: the tests in ${missing.join(' and ')}, not installed here`);
  return found;
}

export function launch({ name, path }: InstalledBrowser): Promise<Browser> {
  return puppeteer.launch({
    browser: name === 'chromium' ? 'chrome' : 'firefox',
    executablePath: path,
    headless: true,
    // Who listens to what a page loads has Chromium copy it, in the page's main thread: a kernel, in a task of a tenth of a second.
    networkEnabled: false,
    args: name === 'chromium' ? CHROMIUM_FLAGS : [],
    // A page that boots a guest on a busy machine.
    protocolTimeout: 300_000,
  });
}
