/** The public API and what only browsers have besides: the package's `longmode/browser`. */
export type { Assets } from './host/browser/assets.ts';
export { BrowserHost } from './host/browser/host.ts';
export * from './index.browser.ts';
