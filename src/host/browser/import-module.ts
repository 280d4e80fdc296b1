/** Imports a file of the package by its address, which no bundler is to follow. */
export function importModule(url: string): Promise<unknown> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ url);
}
