/** What must hold for any graph. */
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OpSchema } from '../../src/gen/pb/ops_pb.ts';
import {
  copy,
  Definition,
  diff,
  EnvList,
  type FileAction,
  formatDot,
  formatJson,
  formatTree,
  git,
  http,
  image,
  loadDefinition,
  local,
  type MarshalOptions,
  merge,
  mkdir,
  mkfile,
  type Owner,
  parsePlatform,
  rm,
  type SourceMap,
  type State,
  scratch,
  splitWords,
} from '../../src/llb/index.ts';
import { canonicalBytes, digest } from './canonical.ts';

const options: MarshalOptions = { platform: parsePlatform('linux/amd64'), localUniqueId: 'id' };
const text = fc.string({ unit: 'binary', maxLength: 6 });
const path = fc.stringMatching(/^[a-z./]{0,8}$/);
const sourceMaps: SourceMap[] = ['a', 'b', 'a'].map((name) => ({
  filename: name,
  language: 'Dockerfile',
  data: Buffer.from(name),
}));

const constraints = fc.record(
  {
    customName: text,
    description: fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }),
    ignoreCache: fc.boolean(),
    exportCache: fc.boolean(),
    platform: fc.constantFrom('linux/arm64', 'linux/arm/v7', 'windows/amd64').map(parsePlatform),
    workerConstraints: fc.array(text, { maxLength: 2 }),
    locations: fc.array(
      fc.record({
        sourceMap: fc.constantFrom(...sourceMaps),
        ranges: fc.constant([{ start: { line: 1, character: 0 }, end: { line: 2, character: 3 } }]),
      }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);

const owner: fc.Arbitrary<Owner> = fc.oneof(text, fc.record({ uid: fc.nat(), gid: fc.nat() }));

function actionOn(from: State): fc.Arbitrary<FileAction> {
  const one = fc.oneof(
    fc
      .tuple(path, path, fc.record({ owner, mode: fc.nat(0o7777) }, { requiredKeys: [] }))
      .map(([src, dest, more]) => copy(from, src, dest, more)),
    fc
      .tuple(path, fc.nat(0o7777), fc.record({ owner }, { requiredKeys: [] }))
      .map(([at, mode, more]) => mkdir(at, mode, more)),
    fc.tuple(path, fc.uint8Array({ maxLength: 300 })).map(([at, data]) => mkfile(at, 0o644, data, { createdTime: 0n })),
    path.map((at) => rm(at)),
  );
  return fc.tuple(one, path).map(([action, at]) => action.mkdir(at, 0o755).copy(action.withState(from), '/', '/x'));
}

const sources: fc.Arbitrary<State> = fc.oneof(
  fc.constant(scratch()),
  constraints.map((more) => image('alpine', more)),
  fc
    .tuple(text, fc.array(text, { maxLength: 3 }))
    .map(([name, patterns]) => local(name, { includePatterns: patterns })),
  fc.constant(git('https://h/p', 'r:s')),
  text.map((filename) => http('https://h/p', { filename })),
);

const { state: anyState } = fc.letrec<{ state: State }>((tie) => ({
  state: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    sources,
    fc
      .tuple(tie('state'), tie('state'), fc.array(text, { minLength: 1, maxLength: 3 }), text, constraints)
      .map(([base, other, args, env, more]) => {
        const mounts = [
          { target: `/${env}`, source: other },
          { target: '/c', type: 'cache', id: env },
        ] as const;
        return base.addEnv('K', env).run({ args, mounts, secrets: [{ id: env, target: env }], ssh: [{}], ...more })
          .root;
      }),
    fc
      .tuple(tie('state'), tie('state'), constraints)
      .chain(([base, from, more]) => actionOn(from).map((action) => base.dir('d').file(action, more))),
    fc.array(tie('state'), { maxLength: 4 }).map((states) => merge(states)),
    fc.tuple(tie('state'), tie('state')).map(([lower, upper]) => diff(lower, upper)),
  ),
}));

describe('any graph', () => {
  test('any graph is written as the deterministic marshaller of Go writes it', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        for (const bytes of state.marshal(options).def)
          expect(Buffer.from(bytes)).toEqual(Buffer.from(canonicalBytes(OpSchema, fromBinary(OpSchema, bytes))));
      }),
      { numRuns: 300 },
    );
  });

  test('any graph has every op once, after its inputs, and metadata and locations for each', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const { def, metadata, source } = state.marshal(options);
        const seen = new Set<string>();
        for (const bytes of def) {
          for (const input of fromBinary(OpSchema, bytes).inputs) expect(seen).toContain(input.digest);
          expect(seen).not.toContain(digest(bytes));
          seen.add(digest(bytes));
        }
        expect(new Set(metadata.keys())).toEqual(seen);
        if (source) expect(Object.keys(source.locations).sort()).toEqual([...seen].slice(0, -1).sort());
      }),
      { numRuns: 300 },
    );
  });

  test('any graph is the same when it is written again, and after a round through its bytes', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const definition = state.marshal(options);
        const encoded = definition.encode();
        expect(Buffer.from(state.marshal(options).encode())).toEqual(Buffer.from(encoded));
        const decoded = Definition.decode(encoded);
        expect(formatJson(decoded)).toBe(formatJson(definition));
        expect(decoded.head()).toBe(definition.head());
      }),
      { numRuns: 300 },
    );
  });

  test('any graph is taken over as it is when its definition is loaded', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const definition = state.marshal(options);
        if (definition.def.length === 0) return;
        const loaded = loadDefinition(Definition.decode(definition.encode())).marshal(options);
        expect(loaded.head()).toBe(definition.head());
        expect(new Set(loaded.def.map(digest))).toEqual(new Set(definition.def.map(digest)));
        const parts = (json: string) => JSON.parse(json);
        expect(parts(formatJson(loaded)).metadata).toEqual(parts(formatJson(definition)).metadata);
        const files = (from: Definition) => from.source!.infos.map(({ filename }) => filename).sort();
        expect(files(loaded)).toEqual(files(definition));
      }),
      { numRuns: 300 },
    );
  });

  test('any graph can be shown, with every op', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const definition = state.marshal(options);
        const [tree, dot] = [formatTree(definition), formatDot(definition)];
        for (const bytes of definition.def.slice(0, -1)) {
          const short = digest(bytes).slice('sha256:'.length, 'sha256:'.length + 12);
          expect(tree).toContain(short);
          expect(dot).toContain(short);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('environments', () => {
  type Change = { readonly key: string; readonly value: string | undefined };
  const key = fc.constantFrom('A', 'B', 'C', '', 'D=', '__proto__', '1', '0');
  const changes = fc.array(fc.record<Change>({ key, value: fc.option(text, { nil: undefined }) }), { maxLength: 40 });

  /** The plain way: a list of which a variable that is set again moves to the end. */
  function model(list: readonly Change[]): Change[] {
    let result: Change[] = [];
    for (const change of list) {
      result = result.filter((known) => known.key !== change.key);
      if (change.value !== undefined) result.push(change);
    }
    return result;
  }

  test('every version of an environment equals that of a plain list', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const versions = [EnvList.empty];
        for (const { key, value } of list) {
          const last = versions.at(-1)!;
          versions.push(value === undefined ? last.delete(key) : last.addOrReplace(key, value));
        }
        versions.forEach((version, at) => {
          const expected = model(list.slice(0, at));
          expect(version.keys()).toEqual(expected.map((change) => change.key));
          expect(version.toArray()).toEqual(expected.map((change) => `${change.key}=${change.value}`));
          for (const { key, value } of expected) expect(version.get(key)).toBe(value);
          expect(version.get('missing')).toBeUndefined();
        });
      }),
    );
  });

  test('a default does not replace, and leaves the order as it is', () => {
    const list = EnvList.empty.addOrReplace('A', '').addOrReplace('B', '1');
    expect(list.setDefault('A', 'x').toArray()).toEqual(['A=', 'B=1']);
    expect(list.setDefault('C', 'x').toArray()).toEqual(['A=', 'B=1', 'C=x']);
  });
});

describe('splitting a command line', () => {
  const quote = (word: string) => `'${word.replaceAll("'", `'"'"'`)}'`;
  const backslash = (word: string) => word.replace(/[\s\S]/g, '\\$&');

  test('quoted or escaped, any words come back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1 })), (words) => {
        expect(splitWords(words.map(quote).join(' '))).toEqual(words);
        expect(splitWords(words.map(backslash).join('\t\n'))).toEqual(words);
      }),
    );
  });

  test('any line is split as the state machine of Go does', () => {
    const unit = fc.constantFrom('a', 'b', ' ', '\n', '\t', '"', "'", '\\', '#', '$', '*', '|', '&', '\u00a0', '😀');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 20 }), (line) => {
        expect(attempt(() => splitWords(line))).toEqual(attempt(() => shlex(line)));
      }),
      { numRuns: 3000 },
    );
  });

  const attempt = (split: () => string[]): string[] | 'error' => {
    try {
      return split();
    } catch {
      return 'error';
    }
  };

  /** A transcript of the states that the Go package documents. */
  function shlex(line: string): string[] {
    const words: string[] = [];
    let word: string | undefined;
    let quote = '';
    let isComment = false;
    for (let at = 0; at < line.length; at++) {
      const char = line[at]!;
      if (isComment) isComment = char !== '\n';
      else if (char === '\\' && quote !== "'") {
        if (++at === line.length) throw new Error('nothing escaped');
        word = (word ?? '') + line[at];
      } else if (quote !== '') {
        if (char === quote) quote = '';
        else word += char;
      } else if (char === '"' || char === "'") {
        word ??= '';
        quote = char;
      } else if (' \t\r\n'.includes(char)) {
        if (word !== undefined) words.push(word);
        word = undefined;
      } else if (char === '#' && word === undefined) isComment = true;
      else word = (word ?? '') + char;
    }
    if (quote !== '') throw new Error('open quote');
    return word === undefined ? words : [...words, word];
  }
});

describe('large graphs', () => {
  test('a chain of 20,000 ops overflows no stack', () => {
    let state = image('alpine');
    for (let at = 0; at < 20_000; at++) state = state.run({ args: ['step', String(at)] }).root;
    const definition = state.marshal(options);
    expect(definition.def).toHaveLength(20_002);
    const loaded = loadDefinition(definition).marshal(options);
    expect(loaded.head()).toBe(definition.head());
    expect(formatTree(loaded).split('\n')).toHaveLength(20_002);
  });

  test('20,000 actions in one op do not make marshalling slow or deep', () => {
    let action = mkdir('/0', 0o755);
    for (let at = 1; at < 20_000; at++) action = action.mkdir(`/${at}`, 0o755);
    const { def } = scratch().file(action).marshal(options);
    const op = fromBinary(OpSchema, def[0]!).op;
    expect(op.case === 'file' && op.value.actions.length).toBe(20_000);
  });
});
