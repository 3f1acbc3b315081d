/** Runs in the engine: does what MODE in the environment says, and tells on standard output. */
import { on, startEventLoop } from '../../engine/event-loop.ts';
import { openStandardStreams } from '../../engine/standard-streams.ts';

const unhex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const units = (text: string) => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));

/** Answers a line of hexadecimal digits with what the host makes of these bytes. */
function transform(line: string): object {
  const bytes = unhex(line);
  const text = native.decodeText(bytes);
  const target = new Uint8Array(text.length * 3 + 2);
  const written = native.encodeInto(text, target, 1);
  return {
    sha256: native.sha256(bytes),
    text: units(text),
    lossy: units(native.decodeLossy(bytes)),
    encoded: hex(native.encodeText(text)),
    into: hex(target.subarray(1, 1 + written)),
    rest: hex(target.subarray(1 + written)).replace(/0/g, ''),
  };
}

function unpack(line: string): object {
  const [format, packed] = line.split(' ') as ['gzip' | 'zstd', string];
  const data = unhex(packed);
  const unpacking = native.unpack(format, data);
  let size = 0;
  let largest = 0;
  let first: string | undefined;
  try {
    for (let piece = unpacking.next(); piece; piece = unpacking.next()) {
      size += piece.length;
      largest = Math.max(largest, piece.length);
      first ??= hex(piece.subarray(0, 8));
    }
    return { size, largest, first, used: unpacking.used, ended: unpacking.ended };
  } catch (error) {
    return { size, error: String(error) };
  }
}

startEventLoop();
on('start', () => {
  const { MODE: mode = '' } = native.environment();
  const stream = openStandardStreams();
  const say = (text: string, then?: () => void) => stream.write(native.encodeText(`${text}\n`), then);
  const fail = (value: unknown) => say(`failure ${value}`, () => native.exit(1));
  on('failure', fail);
  on('signal', (name) => say(`signal ${name}`));
  let unread = '';
  stream.listen({
    data(bytes) {
      unread += native.decodeText(bytes);
      for (let end = unread.indexOf('\n'); end >= 0; end = unread.indexOf('\n')) {
        const line = unread.slice(0, end);
        unread = unread.slice(end + 1);
        say(JSON.stringify(mode === 'unpack' ? unpack(line) : transform(line)));
      }
    },
    closed: () => native.exit(0),
  });
  modes[mode]?.(say);
});

const recurse = (depth: number): number => recurse(depth + 1) + 1;

const modes: Readonly<Record<string, (say: (text: string) => void) => void>> = {
  throw: () => {
    throw new Error('thrown at the start');
  },
  timer: () => {
    setTimeout(() => {
      throw new Error('thrown in a timer');
    }, 5);
  },
  reject: () => {
    void Promise.reject(new Error('rejected'));
  },
  caught: (say) => {
    Promise.reject(new Error('rejected')).catch(() => say('caught'));
  },
  memory: () => {
    const all: number[][] = [];
    try {
      for (;;) all.push(new Array(10_000).fill(0));
    } catch {
      // Swallowed: the host tells nevertheless.
    }
  },
  stack: () => void recurse(0),
  timers: (say) => {
    const removed = setTimeout(() => say('removed'), 1);
    setTimeout(() => say('second'), 20);
    setTimeout(() => say('first'), 5);
    clearTimeout(removed);
    let count = 0;
    const every = setInterval(() => {
      say(`every ${++count}`);
      if (count === 3) clearInterval(every);
    }, 30);
  },
  busy: (say) => {
    say('busy');
    setTimeout(() => {
      for (;;) native.now();
    }, 20);
  },
  flood: (say) => {
    for (let i = 0; i < 40_000; i++) say(`line ${i}`);
  },
  last: (say) => {
    native.exitOnSignal();
    say('ready');
  },
  ready: (say) => say('ready'),
};
