import { describe, expect, test } from 'vitest';
import { parsePlatform } from '../../src/image/platform.ts';
import { parseChmod } from '../../src/lower/dispatch/chmod.ts';
import { imageConfig, lower } from './lowering.ts';

const lines = (...text: string[]) => text.join('\n');

async function message(...text: string[]): Promise<string> {
  const error = await lower(lines('FROM alpine', ...text)).catch((e: Error) => e);
  return error instanceof Error ? error.message : 'no error';
}

/** The only op of a kind. */
async function opOf<T extends 'exec' | 'file'>(kind: T, text: string, setting?: Parameters<typeof lower>[1]) {
  const { definition } = await lower(text, setting);
  const ops = definition.ops().flatMap(({ op }) => (op.op.case === kind ? [op] : []));
  expect(ops).toHaveLength(1);
  return ops[0]!;
}

describe('EXPOSE', () => {
  const ports = async (...words: string[]) => [
    ...((await lower(`FROM scratch\nEXPOSE ${words.join(' ')}`)).image.config.exposedPorts ?? []),
  ];

  test.each([
    ['80', ['80/tcp']],
    ['80-82/udp', ['80/udp', '81/udp', '82/udp']],
    ['8080:80', ['80/tcp']],
    ['127.0.0.1:8080:80/SCTP', ['80/sctp']],
    ['[::1]:1:2', ['2/tcp']],
    ['::1:1:2', ['2/tcp']],
    ['7000-7002:80', ['80/tcp']],
    ['[]:1:2', ['2/tcp']],
    ['65535', ['65535/tcp']],
  ])('gives the ports of %s', async (word, expected) => {
    expect(await ports(word)).toEqual(expected);
  });

  test.each([
    ['80/x', 'invalid port: "80/x": invalid proto: x'],
    ['/tcp', 'invalid port: "/tcp": no port specified'],
    ['65536', 'invalid containerPort: 65536'],
    ['9-8', 'invalid containerPort: 9-8'],
    ['a:80', 'invalid hostPort: a'],
    ['1-3:80-81', 'invalid ranges specified for container and host Ports: 80-81 and 1-3'],
    ['1.2.3:1:2', 'invalid IP address: 1.2.3'],
    ['01.2.3.4:1:2', 'invalid IP address: 01.2.3.4'],
    ['[::1:1:2', "invalid IP address [::1: address [::1:: missing ']' in address"],
    ['[::1]x:1:2', 'invalid IP address [::1]x: address [::1]x:: missing port in address'],
  ])('%s is an error', async (word, expected) => {
    expect(await message(`EXPOSE ${word}`)).toBe(expected);
  });

  test('variables may hold several ports', async () => {
    expect(await message('ENV P="80 81"', 'EXPOSE $P')).toBe('no error');
    const { image } = await lower(lines('FROM scratch', 'ENV P="80 81"', 'EXPOSE $P'));
    expect([...image.config.exposedPorts!]).toEqual(['80/tcp', '81/tcp']);
  });
});

describe('--chmod', () => {
  test.each([
    ['755', 0o755],
    ['07777', 0o7777],
    ['0', 0],
    ['u=rwX,go-w', 'u=rwX,go-w'],
    ['+x', '+x'],
    ['a=', 'a='],
    ['g=u-w', 'g=u-w'],
  ])('reads the mode %s', (text, expected) => {
    expect(parseChmod(text)).toBe(expected);
  });

  test.each(['8', '10000', '0o7', '9999999999999'])('%s is not an octal number', (text) => {
    expect(() => parseChmod(text)).toThrow(
      `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
    );
  });

  test.each(['u', 'u+r,', 'z+x', 'ux', 'u+z'])('%s is not a mode', (text) => {
    expect(() => parseChmod(text)).toThrow('invalid syntax');
  });
});

describe('COPY and ADD', () => {
  const copied = async (...text: string[]) => {
    const op = await opOf('file', lines('FROM alpine', ...text));
    const { actions } = op.op.case === 'file' ? op.op.value : { actions: [] };
    return actions.flatMap(({ action }) => (action.case === 'copy' ? [action.value] : []));
  };

  test('destinations are seen from the working directory, and a final slash stays', async () => {
    const images = { 'docker.io/library/alpine:latest': imageConfig({ WorkingDir: '/w' }) };
    const destOf = async (dest: string) => {
      const op = await opOf('file', `FROM alpine\nCOPY a ${dest}`, { images });
      const [action] = op.op.case === 'file' ? op.op.value.actions : [];
      return action?.action.case === 'copy' ? action.action.value.dest : undefined;
    };
    expect(await destOf('b')).toBe('/w/b');
    expect(await destOf('.')).toBe('/w/');
    expect(await destOf('b/../c/')).toBe('/w/c/');
    expect(await destOf('/x/')).toBe('/x/');
  });

  test('--parents keeps directories after the pivot and requires what has no wildcards', async () => {
    expect(await copied('COPY --parents a/b/./c/d* e /x/')).toMatchObject([
      { src: '/a/b', includePatterns: ['c/d*'], requiredPaths: [] },
      { src: '/', includePatterns: ['e'], requiredPaths: ['/e'] },
    ]);
  });

  test('ADD unpacks what is local, and what is remote if told to', async () => {
    expect(await copied('ADD a.tar /x/')).toMatchObject([{ attemptUnpackDockerCompatibility: true }]);
    expect(await copied('ADD --unpack=false a.tar /x/')).toMatchObject([{ attemptUnpackDockerCompatibility: false }]);
    expect(await copied('ADD https://example.com/dir/a%20b.tar?q /x/')).toMatchObject([
      { src: '/a b.tar', attemptUnpackDockerCompatibility: false },
    ]);
  });

  test('what a git URL says of the .git directory counts for the sources after it', async () => {
    const { definition } = await lower(
      lines('FROM scratch', 'ADD https://example.com/a.git?keep-git-dir=1 https://example.com/b.git /x/'),
    );
    const kept = definition
      .ops()
      .flatMap(({ op }) => (op.op.case === 'source' ? [op.op.value.attrs['git.keepgitdir']] : []));
    expect(kept).toEqual(['true', 'true']);
  });

  test.each([
    ['COPY https://example.com/a /', "source can't be a URL for COPY"],
    ['COPY https://example.com/a.git /', "source can't be a git ref for COPY"],
    ['ADD --checksum=sha256:x a /', 'checksum requires HTTP(S) or Git sources'],
    ['ADD --checksum=what https://example.com/a /', 'invalid checksum digest format'],
    ['ADD --keep-git-dir https://example.com/a.git?keep-git-dir=0 /', 'inconsistent keep-git-dir configuration'],
    ['COPY --from=$X a /', /^variable expansion is not supported for --from/],
    ['COPY --from=7 a /', 'invalid stage index 7'],
  ])("COPY and ADD are refused in the reference's words: %s", async (instruction, expected) => {
    expect(await message(instruction)).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    );
  });

  test('inline files expand variables unless their name is quoted', async () => {
    const { definition } = await lower(lines('FROM scratch', 'ENV A=1', 'COPY <<x <<"y" /', '$A "$A"', 'x', '$A', 'y'));
    const contents = definition.ops().flatMap(({ op }) => {
      const [action] = op.op.case === 'file' ? op.op.value.actions : [];
      return action?.action.case === 'mkfile' ? [Buffer.from(action.action.value.data).toString()] : [];
    });
    expect(contents.sort()).toEqual(['$A\n', '1 "1"\n']);
  });
});

describe('RUN', () => {
  const exec = async (...text: string[]) => {
    const op = await opOf('exec', lines('FROM alpine', ...text));
    return op.op.case === 'exec' ? op.op.value : undefined;
  };

  test('caches are named by the namespace and the target', async () => {
    expect((await exec('RUN --mount=type=cache,target=//root/.cache/ x'))?.mounts[1]?.cacheOpt?.ID).toBe(
      '//root/.cache',
    );
    expect((await exec('RUN --mount=type=cache,target=c,id=x x'))?.mounts[1]).toMatchObject({
      dest: '/c',
      cacheOpt: { ID: '/x' },
    });
  });

  test('secrets are files, variables or both', async () => {
    const run = await exec(
      'RUN --mount=type=secret,id=a/b --mount=type=secret,id=c,env=C --mount=type=secret,id=d,env=D,target=/d,required x',
    );
    expect(run?.mounts.slice(1).map(({ dest, secretOpt }) => [dest, secretOpt?.ID, secretOpt?.optional])).toEqual([
      ['/run/secrets/b', 'a/b', true],
      ['/d', 'd', false],
    ]);
    expect(run?.secretenv.map(({ ID, name }) => [ID, name])).toEqual([
      ['c', 'C'],
      ['d', 'D'],
    ]);
  });

  test('a document of its own is the script, a shebang names who runs it', async () => {
    expect((await exec('RUN <<E', 'a', 'b', 'E'))?.meta?.args).toEqual(['/bin/sh', '-c', 'a\nb\n']);
    expect((await exec('RUN cat <<E', 'a', 'E'))?.meta?.args).toEqual(['/bin/sh', '-c', 'cat <<E\na\nE']);
    const { definition } = await lower(lines('FROM alpine', 'RUN <<-E', '\t#!/bin/sh', '\ta', 'E'));
    const run = definition.ops().flatMap(({ op }) => (op.op.case === 'exec' ? [op.op.value] : []))[0];
    expect(run?.meta?.args).toEqual(['/bin/sh', '-c', '/dev/pipes/E']);
    expect(run?.mounts[1]).toMatchObject({ dest: '/dev/pipes/', readonly: true });
  });

  test('options that the daemon does not know are left out', async () => {
    const options = { cgroupParent: 'g', shmSize: 1n, llbCapabilities: { supports: () => false } };
    const op = await opOf('exec', lines('FROM alpine', 'RUN x'), { options });
    const run = op.op.case === 'exec' ? op.op.value : undefined;
    expect(run?.meta?.cgroupParent).toBe('');
    expect(run?.mounts).toHaveLength(1);
  });
});

describe('on Windows', () => {
  const options = { targetPlatform: parsePlatform('windows/amd64') };
  const images = {
    'docker.io/library/alpine:latest': imageConfig({}, { os: 'windows', architecture: 'amd64' }),
  };

  test('paths lose their drive, and the image has none of Linux’s PATH', async () => {
    const { image } = await lower(lines('FROM alpine', 'WORKDIR C:\\\\a', 'WORKDIR b', 'CMD x'), { options, images });
    expect(image.config.workingDir).toBe('\\a\\b');
    expect(image.config.env).toEqual([]);
    expect(image.config.cmd).toEqual(['cmd', '/S', '/C', 'x']);
  });

  test('other drives are refused', async () => {
    const error = await lower(lines('FROM alpine', 'WORKDIR d:\\\\a'), { options, images }).catch((e: Error) => e);
    expect((error as Error).message).toBe(
      'normalizing workdir: normalizing working directory: removing drive letter: The specified path is not on the system drive (C:)',
    );
  });
});
