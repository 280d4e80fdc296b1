/**
 * Boots a guest to its shell through the built package, in a process of its own, and prints when it was how far.
 * Usage: node bench/browser/node-boot.ts KERNEL INITRD COMMAND_LINE PROMPT
 */
const entry = new URL('../../dist/index.node.js', import.meta.url).href;
const { Machine } = (await import(entry)) as typeof import('../../src/index.node.ts');
const [kernel = '', initrd = '', commandLine = '', prompt = ''] = process.argv.slice(2);
await using machine = await Machine.create({ kernel, initrd, commandLine });
let kernelLine: number | undefined;
machine.addEventListener('output', () => {
  kernelLine ??= performance.now();
});
void machine.run();
await machine.waitForText(prompt);
// Both since the start of the process.
console.log(JSON.stringify({ kernel: kernelLine, shell: performance.now() }));
