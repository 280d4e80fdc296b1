/**
 * What `npm start` and `npm test` do first: installs the dependencies and builds, each only if it is needed.
 * Runs on any supported Node without dependencies; arguments go to scripts/build.ts.
 * Usage: node scripts/setup.mjs [--force]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const isTerminal = process.stderr.isTTY === true;
/** npm writes it at the end of an installation. */
const installed = join(root, 'node_modules', '.package-lock.json');
/** The Node of the development dependencies: unlike older ones it runs TypeScript. */
const node = join(root, 'node_modules', '.bin', 'node');

/** Runs a program; its output is shown only if it fails. */
function run(what, program, args) {
  if (isTerminal) process.stderr.write(`longmode: ${what} ...`);
  const started = Date.now();
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (isTerminal) process.stderr.write(`\r\x1b[2K`);
  if (error === undefined && status === 0) {
    if (isTerminal && stdout !== '') process.stderr.write(`longmode: ${what}: done in ${seconds} s\n`);
    return;
  }
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}longmode: ${what} failed`);
  process.stderr.write(error === undefined ? '\n' : `: ${error.message}\n`);
  process.exit(1);
}

function needsInstall() {
  if (!existsSync(installed) || !existsSync(node)) return true;
  return statSync(installed).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs;
}

if (needsInstall()) {
  run('installing the dependencies', 'npm', ['ci', '--no-audit', '--no-fund']);
  // Installing may leave the lock file newer than its copy.
  utimesSync(installed, new Date(), new Date());
}
run('building', node, [join(root, 'scripts', 'build.ts'), ...process.argv.slice(2)]);
