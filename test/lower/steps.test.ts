import { describe, expect, test } from 'vitest';
import { parsePlatform } from '../../src/image/platform.ts';
import { digest, history, imageConfig, lower, stepNames } from './lowering.ts';

const lines = (...text: string[]) => text.join('\n');

describe('names of steps', () => {
  test('names of steps count what is pulled and what makes layers', async () => {
    const text = lines('FROM alpine', 'ENV A=1', 'RUN make', 'WORKDIR /w', 'CMD x', 'COPY a b', 'LABEL x=y');
    expect(stepNames(await lower(text))).toEqual([
      `[1/4] FROM docker.io/library/alpine:latest@${digest}`,
      '[2/4] RUN make',
      '[3/4] WORKDIR /w',
      '[4/4] COPY a b',
    ]);
  });

  test('names of steps are aligned and carry the stage where there are several', async () => {
    const runs = Array.from({ length: 9 }, (_, i) => `RUN ${i}`);
    const names = stepNames(await lower(lines('FROM alpine AS One', ...runs, 'FROM one', 'COPY a /')));
    expect(names[1]).toBe('[one  2/10] RUN 0');
    expect(names[9]).toBe('[one 10/10] RUN 8');
    expect(names[10]).toBe('[stage-1 1/1] COPY a /');
  });

  test('names of steps show variables that are set, and never secrets', async () => {
    const text = lines(
      'FROM alpine',
      'ENV A=1 T=t',
      'run echo "$A" ${B:-x} $C',
      'RUN --mount=type=secret,id=s,env=T echo $T',
      'copy $A $C /x',
    );
    expect(stepNames(await lower(text)).filter((name) => !name.includes('FROM'))).toEqual([
      '[stage-0 2/4] RUN echo "1" ${B:-x} $C',
      '[stage-0 3/4] RUN --mount=type=secret,id=s,env=T echo ****',
      '[stage-0 4/4] COPY 1  /x',
    ]);
  });

  test('names of steps show the platform, and the one that is built for', async () => {
    const options = { multiPlatformRequested: true, targetPlatform: parsePlatform('linux/arm64') };
    const text = lines(
      'FROM --platform=linux/amd64 alpine',
      'ARG TARGETARCH',
      'RUN make',
      'FROM scratch',
      'COPY --from=0 / /',
    );
    expect(stepNames(await lower(text, { options })).slice(1)).toEqual([
      '[linux/amd64->arm64 stage-0 2/2] RUN make',
      '[linux/arm64 stage-1 1/1] COPY --from=0 / /',
    ]);
  });

  test('names of triggers say so; those that need another stage are counted after the pull, twice', async () => {
    const images = {
      'docker.io/library/one:latest': imageConfig({ OnBuild: ['RUN make'] }),
      'docker.io/library/two:latest': imageConfig({ OnBuild: ['COPY --from=other /a /b'] }),
    };
    expect(stepNames(await lower('FROM one', { images })).slice(1)).toEqual(['[2/2] ONBUILD RUN make']);
    const text = lines('FROM alpine AS other', 'RUN make', 'FROM two');
    expect(stepNames(await lower(text, { images }))).toContain('[other 3/2] RUN make');
  });

  test('a linked copy is one group of steps', async () => {
    const text = lines('FROM alpine', 'COPY --link a /a');
    const result = await lower(text);
    expect(stepNames(result).slice(1)).toEqual(['[2/2] COPY --link a /a', '[2/2] LINK COPY --link a /a']);
    const groups = result.definition.ops().map(({ metadata }) => metadata?.progressGroup);
    const [copied, merged] = groups.filter((group) => group !== undefined);
    expect(merged?.id).toBe(copied?.id);
    expect([copied?.weak, merged?.weak]).toEqual([true, false]);
    // Nothing in it is random: what is compiled twice is the same.
    expect((await lower(text)).definition.ops().map(({ metadata }) => metadata?.progressGroup)).toEqual(groups);
  });
});

describe('triggers', () => {
  test('triggers of a base stage run in the stages that derive directly, before their own instructions', async () => {
    const text = lines('FROM alpine AS a', 'ONBUILD RUN one', 'FROM a AS b', 'RUN two', 'FROM b', 'RUN three');
    const runs = stepNames(await lower(text)).map((name) => name.replace(/^\[.*?\] /, ''));
    expect(runs.slice(1)).toEqual(['ONBUILD RUN one', 'RUN two', 'RUN three']);
  });

  test('triggers stay in the image of the stage that has them', async () => {
    const { image } = await lower(lines('FROM alpine', 'ONBUILD RUN one'));
    expect(image.config.onBuild).toEqual(['RUN one']);
    expect(history({ image })).toEqual([]);
  });
});

describe('history', () => {
  test('tells what was executed, with the arguments of the stage', async () => {
    const text = lines('FROM alpine', 'ARG A=1 B', 'ENV A=2', 'RUN make $A', 'COPY --chown=1 a b /', 'WORKDIR x');
    const result = await lower(text, { options: { buildArgs: new Map([['B', 'b']]) } });
    expect(history(result)).toEqual([
      'ARG A=1 B=b',
      'ENV A=2',
      'RUN |2 A=2 B=b /bin/sh -c make $A # buildkit',
      'COPY --chown=1 a b / # buildkit',
      'WORKDIR /x',
    ]);
    expect(result.image.history.map(({ emptyLayer }) => emptyLayer)).toEqual([true, true, false, false, false]);
  });

  test('prints lists and structs as Go does', async () => {
    const text = lines(
      'FROM scratch',
      'CMD ["a b", "\\"c"]',
      'ENTRYPOINT x y',
      'HEALTHCHECK --interval=1m30s --retries=2 CMD up',
      'VOLUME /a /b',
      'EXPOSE 80-81/TCP 53/udp',
      'SHELL ["bash", "-c"]',
      'STOPSIGNAL SIGTERM',
      'USER 1:2',
      'MAINTAINER me',
    );
    expect(history(await lower(text))).toEqual([
      'CMD ["a b" "\\"c"]',
      'ENTRYPOINT ["/bin/sh" "-c" "x y"]',
      'HEALTHCHECK {Test:[CMD-SHELL up] Interval:1m30s Timeout:0s StartPeriod:0s StartInterval:0s Retries:2}',
      'VOLUME [/a /b]',
      'EXPOSE [53/udp 80/tcp 81/tcp]',
      'SHELL [bash -c]',
      'STOPSIGNAL SIGTERM',
      'USER 1:2',
      'MAINTAINER me',
    ]);
  });
});

describe('arguments and variables', () => {
  const runEnv = async (...text: string[]) => {
    const { definition } = await lower(lines('FROM alpine', ...text));
    const { op } = definition.ops().at(-2)!;
    return op.op.case === 'exec' ? op.op.value.meta?.env.filter((entry) => !entry.startsWith('PATH=')) : undefined;
  };

  test('ENV values on one line see the state before, ARGs each other', async () => {
    expect(await runEnv('ENV A=1', 'ENV A=2 B=$A', 'RUN x')).toEqual(['A=2', 'B=1']);
    expect(await runEnv('ARG A=1 B=$A', 'RUN x')).toEqual(['A=1', 'B=1']);
  });

  test('what is set again keeps its place in the image and comes last for commands', async () => {
    expect(await runEnv('ENV A=1', 'ENV B=1', 'ENV A=2', 'RUN x')).toEqual(['B=1', 'A=2']);
    const { image } = await lower(lines('FROM alpine', 'ENV A=1', 'ENV B=1', 'ENV A=2'));
    expect(image.config.env.slice(1)).toEqual(['A=2', 'B=1']);
  });

  test('ARG wins for the commands of its stage, ENV in the image and in what derives', async () => {
    expect(await runEnv('ENV A=env', 'ARG A=arg', 'RUN x')).toEqual(['A=arg']);
    expect(
      await runEnv(
        'ENV A=env',
        'ARG A=arg',
        'FROM scratch',
        'FROM alpine AS b',
        'ARG A=arg',
        'ENV A=env',
        'FROM b',
        'RUN x',
      ),
    ).toEqual(['A=env']);
  });

  test('an ARG without default takes the build argument, then the global one', async () => {
    const text = lines('ARG A=global B=global', 'FROM alpine', 'ARG A', 'ARG B', 'ARG C', 'RUN x');
    const result = await lower(text, { options: { buildArgs: new Map([['A', 'given']]) } });
    expect(history(result)).toEqual([
      'ARG A=given',
      'ARG B=global',
      'ARG C',
      'RUN |3 A=given B=global C= /bin/sh -c x # buildkit',
    ]);
  });

  test('there may be thousands of variables, each made of the one before', async () => {
    const sets = Array.from({ length: 8000 }, (_, i) => `ENV V${i + 1}=\${V${i}:-x}`);
    const { image } = await lower(lines('FROM alpine', ...sets));
    expect(image.config.env).toHaveLength(8001);
    expect(image.config.env.at(-1)).toBe('V8000=x');
  });
});
