const crypto = require('node:crypto');
const http = require('node:http');
const os = require('node:os');
const zlib = require('node:zlib');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

function numbers() {
  let sum = 0;
  for (let i = 1; i <= 300000; i++)
    sum += Math.sin(i) / i + Math.sqrt(i) * 1e-6 - (i % 7) * 0.5 + Math.hypot(i, 3) * 1e-9;
  let x = 1;
  for (let i = 0; i < 1000000; i++) x = (Math.imul(x, 1664525) + 1013904223) ^ (x >>> 13);
  const doubles = [0.1 + 0.2, 1e21, 1 / 3, 5e-324, 1.7976931348623157e308, -0, 2 ** 53 + 1, 1234567.9876543];
  return [
    sum,
    x,
    doubles.join(' '),
    Math.fround(0.1),
    Math.clz32(1234),
    7 % -3,
    -7 % 3,
    (25).toString(7),
    (0.1).toFixed(20),
  ];
}

function bigints() {
  let factorial = 1n;
  for (let i = 2n; i <= 500n; i++) factorial *= i;
  const power = 3n ** 1000n;
  return [
    factorial % (10n ** 40n + 7n),
    power / 7n ** 200n,
    BigInt.asIntN(64, power),
    (-power >> 900n).toString(16),
  ];
}

function data() {
  const array = Float64Array.from({ length: 50000 }, (_, i) => ((i * 7919) % 10007) / 3);
  array.sort();
  const words = Array.from({ length: 20000 }, (_, i) => ((i * 2654435761) >>> 0).toString(36)).sort();
  const counts = new Map();
  for (const word of words) counts.set(word[0], (counts.get(word[0]) ?? 0) + 1);
  const object = JSON.parse(
    JSON.stringify({ words: words.slice(0, 1000), when: new Date(0), nested: { a: [1, 2.5, null] } }),
  );
  const replaced = words
    .join(' ')
    .replace(/(\d)([a-z])(?=\d)/g, '$2$1')
    .match(/(?<x>[aeiou])\k<x>/gu)?.length;
  return [
    array[100],
    array.at(-1),
    array.reduce((a, b) => a + b),
    [...counts].join(' '),
    object.words.length,
    object.when,
    replaced,
  ];
}

/** (func (export "sum") (param $n i64) (result f64)): adds the square roots of 1 to n, with each sum stored in memory. */
function wasm() {
  const bytes = Buffer.from(
    '0061736d0100000001060160017e017c0302010005030100010707010373756d00000a33013101017c03402000a741ff' +
      '077141086c2000ba9f2001a02201390300200042017d22004200520d000b41082b03002001a00b',
    'hex',
  );
  const { sum } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  return [sum(10n), sum(1000000n)];
}

function libraries() {
  const text = Buffer.from(Array.from({ length: 30000 }, (_, i) => `${i * i} `).join(''));
  const packed = [
    zlib.gzipSync(text),
    zlib.deflateRawSync(text, { level: 9 }),
    zlib.brotliCompressSync(text, { params: { 1: 5 } }),
  ];
  const back = [
    zlib.gunzipSync(packed[0]),
    zlib.inflateRawSync(packed[1]),
    zlib.brotliDecompressSync(packed[2]),
  ];
  const hash = (algorithm) => crypto.createHash(algorithm).update(text).digest('hex');
  const cipher = crypto.createCipheriv('aes-256-gcm', Buffer.alloc(32, 1), Buffer.alloc(12, 2));
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  const scrypt = crypto.scryptSync('password', 'salt', 32, { N: 1024 }).toString('hex');
  const lengths = packed.map(({ length }) => length);
  return [
    lengths,
    back.every((data) => data.equals(text)),
    hash('sha256'),
    hash('sha3-512'),
    hash('md5'),
    cipher.getAuthTag().toString('hex'),
    crypto.createHash('sha1').update(sealed).digest('hex'),
    scrypt,
  ];
}

async function workers() {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const run = (number) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(__filename, { workerData: { shared, number } });
      worker.once('message', resolve).once('error', reject);
    });
  const results = await Promise.all([1, 2, 3].map(run));
  return [results.sort((a, b) => a - b), shared[0]];
}

function work({ shared, number }) {
  let sum = 0;
  for (let i = 0; i < 100000; i++) {
    Atomics.add(shared, 0, 1);
    sum += i * number;
  }
  parentPort.postMessage(sum);
}

async function server() {
  const listening = http.createServer((request, response) => {
    let size = 0;
    request
      .on('data', (chunk) => {
        size += chunk.length;
      })
      .on('end', () => response.end(`${request.url} ${size}`));
  });
  await new Promise((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address();
  const ask = (path) =>
    new Promise((resolve, reject) => {
      const request = http.request({ port, path, method: 'POST', host: '127.0.0.1' }, (response) => {
        let text = '';
        response
          .on('data', (chunk) => {
            text += chunk;
          })
          .on('end', () => resolve(text));
      });
      request.on('error', reject).end(Buffer.alloc(100000));
    });
  const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => ask(`/${i}`)));
  listening.close();
  return answers;
}

async function main() {
  for (const part of [numbers, bigints, data, wasm, libraries, workers, server])
    console.log(part.name, await part());
  try {
    (function deep() {
      deep();
    })();
  } catch (error) {
    console.log(error.name);
  }
  console.log(
    process.version,
    process.versions.v8,
    os.arch(),
    new Intl.NumberFormat('de').format(1234567.891),
  );
}

if (isMainThread) main();
else work(workerData);
