/** The examples of docs/embedding.md, as they are there, from the packed package. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ElementHandle } from 'puppeteer-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeKernel, POWER_OFF, print, SPIN } from '../cli/guests.ts';
import { installedBrowsers, launch } from './browsers.ts';
import { installPackage, type Project } from './packed-package.ts';
import { serve } from './static-server.ts';

const TIMEOUT = 120_000;

const page = await readFile(fileURLToPath(new URL('../../docs/embedding.md', import.meta.url)), 'utf8');
const [installed] = installedBrowsers();

/** The one example with a text in it. */
function example(text: string): string {
  const blocks = [...page.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code as string);
  const found = blocks.filter((code) => code.includes(text));
  expect(found).toHaveLength(1);
  return found[0] as string;
}

/** Sends back what comes in at COM1, and a prompt after each line. */
const ECHO_WITH_PROMPT = [
  // L: mov dx, 0x3fd; in al, dx; test al, 1; jz L
  ...[0x66, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xf7],
  // mov dx, 0x3f8; in al, dx; out dx, al; cmp al, 10; jne L
  ...[0x66, 0xba, 0xf8, 0x03, 0xec, 0xee, 0x3c, 0x0a, 0x75, 0xed],
  // mov al, '$'; out dx, al; mov al, ' '; out dx, al; jmp L
  ...[0xb0, 0x24, 0xee, 0xb0, 0x20, 0xee, 0xeb, 0xe5],
];

describe('the examples of docs/embedding.md', () => {
  let project: Project;

  beforeAll(async () => {
    project = await installPackage();
    return () => project.remove();
  }, TIMEOUT);

  it.skipIf(installed === undefined)(
    'create a machine, talk to it, look inside and run it',
    { timeout: TIMEOUT },
    async () => {
      const script = `
      ${example('import { InputError').replace("'longmode'", "'./node_modules/longmode/dist/index.browser.js'")}
      async function create() {
        ${example("input[type=file]'")}
        return machine;
      }
      async function talk(machine, terminal, sink, source) {
        ${example('waitForText')}
        return seen;
      }
      async function look(machine) {
        ${example('statistics()')}
        return { total: instructions.total, regions, memory, idleMilliseconds, page: page.length };
      }
      async function run(machine) {
        ${example('powerButton()')}
        return await running;
      }
      globalThis.use = async () => {
        const machine = await create();
        const running = machine.run();
        let written = 0;
        let streamed = '';
        const terminal = { write: (bytes) => { written += bytes.length; } };
        const sink = new WritableStream({ write: (text) => { streamed += text; } });
        const source = new Blob(['typed']).stream();
        const seen = await talk(machine, terminal, sink, source);
        await machine.waitForText('typed');
        const looked = await look(machine);
        await machine.stop();
        const stopped = await running;
        const ending = await run(machine);
        const refused = await Machine.create({ kernel: new Uint8Array(9) }).catch((error) => error);
        return { seen, written, streamed, looked, stopped, ending, full: bar.value === 1, refused: refused instanceof InputError };
      };`;
      await project.write('examples.js', script);
      await project.write(
        'index.html',
        '<!doctype html><title>examples</title><input type="file"><progress id="bar"></progress><script type="module" src="examples.js"></script>',
      );
      await project.write('kernel', makeKernel(ECHO_WITH_PROMPT));
      const server = await serve({ '/': { folder: project.folder } });
      const browser = await launch(installed as NonNullable<typeof installed>);
      try {
        const tab = await browser.newPage();
        await tab.goto(`${server.origin}/index.html`);
        const input = (await tab.$('input')) as ElementHandle<HTMLInputElement>;
        await input.uploadFile(project.path('kernel'));
        expect(await tab.evaluate('use()')).toEqual({
          seen: 'uname -a\n$ ',
          written: expect.any(Number),
          streamed: expect.stringContaining('typed'),
          looked: expect.objectContaining({ total: expect.any(Number), page: 4096 }),
          stopped: { kind: 'stopped' },
          ending: { kind: 'stopped' },
          full: true,
          refused: true,
        });
      } finally {
        await browser.close();
        await server.close();
      }
    },
  );

  it('bring their own surrounding', { timeout: TIMEOUT }, async () => {
    await project.write('kernel', makeKernel([...print('up'), ...POWER_OFF, ...SPIN]));
    await project.write(
      'core.js',
      `import { readFile } from 'node:fs/promises';
      const kernel = await readFile('kernel');
      ${example('longmode/core')}
      console.log('', (await machine.run()).kind);
      await machine.close();`,
    );
    const output = execFileSync(process.execPath, ['core.js'], { cwd: project.folder, encoding: 'utf8' });
    expect(output).toBe('up power off\n');
  });
});
