/** Which module a function of a bundle is from: before each esbuild leaves a comment with its file. */
import { readFileSync } from 'node:fs';
import type { CpuProfile } from './cpu-profile.ts';

const MODULE = /^\/\/ (\S+\.js)$/;

interface Beginning {
  /** From 0. */
  readonly line: number;
  readonly module: string;
}

function modulesOf(bundle: string): Beginning[] {
  return bundle.split('\n').flatMap((text, line) => {
    const module = MODULE.exec(text)?.[1];
    return module === undefined ? [] : [{ line, module }];
  });
}

/** Folder of the package with the bundles; the modules were beside it. */
const BUNDLES = '/program/';

/** The profile with each function where its module was before it came into a bundle. */
export function unbundled(profile: CpuProfile): CpuProfile {
  const bundles = new Map<string, Beginning[]>();
  const address = (url: string, line: number): string => {
    if (!(url.startsWith('file:') && url.includes(BUNDLES))) return url;
    const modules = bundles.get(url) ?? modulesOf(readFileSync(new URL(url), 'utf8'));
    bundles.set(url, modules);
    const module = modules.findLast((beginning) => beginning.line <= line)?.module;
    return module === undefined ? url : url.slice(0, url.lastIndexOf(BUNDLES) + 1) + module;
  };
  const nodes = profile.nodes.map(({ id, callFrame }) => ({
    id,
    callFrame: { ...callFrame, url: address(callFrame.url, callFrame.lineNumber) },
  }));
  return { ...profile, nodes };
}
