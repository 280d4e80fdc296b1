import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isBuiltin, stripTypeScriptTypes } from 'node:module';
import { describe, expect, it } from 'vitest';
import { readInput } from '../../../src/cli/files.ts';
import { useLargePages } from '../../../src/host/node/large-pages.ts';
import { POWER_OFF } from '../../cli/guests.ts';
import { useFolder } from '../../cli/run-cli.ts';
import { link, runTimed } from '../../machine/timed-guest.ts';

const SOURCE = new URL('../../../src/host/node/large-pages.ts', import.meta.url);
const MEBIBYTE = 2 ** 20;
const PAGE = 4096;
/** Linux has no flag `hg` where it was made without large pages. */
const CAN_ASK =
  process.platform === 'linux' &&
  isBuiltin('node:ffi') &&
  readFileSync('/proc/self/smaps', 'latin1').includes('THPeligible');

/** Bytes of addresses for which this process has asked for large pages: proc(5), VmFlags of smaps. */
function asked(): number {
  let size = 0;
  let sum = 0;
  for (const line of readFileSync('/proc/self/smaps', 'latin1').split('\n')) {
    if (line.startsWith('Size:')) size = Number.parseInt(line.slice(5), 10) * 1024;
    if (line.startsWith('VmFlags:') && /\bhg\b/.test(line)) sum += size;
  }
  return sum;
}

const folder = useFolder();

/** What asked() counts must not be collected meanwhile. */
const kept: unknown[] = [];

describe.runIf(CAN_ASK)('large pages are asked for', () => {
  it('for a buffer', () => {
    const before = asked();
    const buffer = new ArrayBuffer(16 * MEBIBYTE);
    kept.push(buffer);
    useLargePages(buffer);
    expect(asked() - before).toBeGreaterThan(buffer.byteLength - 2 * PAGE);
    expect(asked() - before).toBeLessThanOrEqual(buffer.byteLength);
  });

  it('for files named on the command line', async () => {
    const bytes = new Uint8Array(8 * MEBIBYTE).fill(7);
    const path = await folder.write('large', bytes);
    const before = asked();
    const read = readInput('--kernel', path);
    kept.push(read);
    expect(asked() - before).toBeGreaterThan(bytes.length - 2 * PAGE);
    expect(Buffer.compare(read, bytes)).toBe(0);
  });

  it("for all that a machine's memory may grow to", async () => {
    const before = asked();
    let during = 0;
    await runTimed([...link(['90']), ...POWER_OFF], 'interpreter', 'instructions', () => {
      during = asked();
    });
    expect(during - before).toBe(2 ** 32);
  });
});

it.each([{ options: [] }, { options: ['--permission'] }, { options: ['--no-experimental-ffi'] }])(
  'whether Node lets it or not, nothing is said of it: $options',
  ({ options }) => {
    const code = `${stripTypeScriptTypes(readFileSync(SOURCE, 'utf8'))}
      useLargePages(new ArrayBuffer(${MEBIBYTE}));
      process.emitWarning('of others');`;
    const run = spawnSync(process.execPath, [...options, '--input-type=module', '-e', code], {
      encoding: 'utf8',
    });
    expect(run.stderr.match(/Warning: .*/g)).toEqual(['Warning: of others']);
    expect(run.status).toBe(0);
  },
);
