/**
 * Runs a program that scripts/bundle-programs.ts has made, with what V8 has compiled of it at build time (scripts/compile-programs.ts).
 * It stands in the program's own file, so it imports nothing of the project.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/** A bundle: a function in parentheses. */
export type Program = (
  require: NodeJS.Require,
  /** Address of the bundle. */
  location: string,
  /** Loads one of the package's modules that are no part of the bundle. */
  importModule: (address: string) => Promise<unknown>,
) => void;

/**
 * Where V8's code for a bundle is. Another Node has none there; V8 itself takes none that has been made with other flags, or is not all
 * there. What is in it V8 takes on trust, as it does other files of the package: to sum it up would take 4 ms.
 */
export function codeFile(bundle: string): string {
  return `${bundle}.${process.version}-${process.platform}-${process.arch}`;
}

function readCode(bundle: string): Buffer | undefined {
  try {
    return readFileSync(codeFile(bundle));
  } catch {
    return undefined;
  }
}

/** For the programs' own files, which scripts/bundle-programs.ts writes. @public */
export function loadProgram(location: URL): void {
  const filename = fileURLToPath(location);
  // Of ASCII characters, which take one byte in V8, too.
  const source = readFileSync(filename, 'latin1');
  const cachedData = readCode(filename);
  const options = { filename: location.href, ...(cachedData === undefined ? {} : { cachedData }) };
  const script = new Script(source, options);
  const program: Program = script.runInThisContext();
  program(createRequire(location), location.href, (address) => import(address));
}
