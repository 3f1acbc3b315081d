/** Compiles the text of a Dockerfile whose base images are all the same. */
import { type Compiled, compile, type FileTree, type ImageResolver, memoryTree } from '../../src/index.ts';

const images: ImageResolver[] = [
  {
    async resolve(_, platform) {
      const { os = 'linux', architecture = 'amd64' } = platform ?? {};
      const digest = `sha256:${'1'.repeat(64)}`;
      const config = { os, architecture, rootfs: { type: 'layers', diff_ids: [digest] } };
      return { digest, config: new TextEncoder().encode(JSON.stringify(config)) };
    },
  },
];

export function compileText(dockerfile: string, opts: Readonly<Record<string, string>> = {}): Promise<Compiled> {
  return compileTree(memoryTree({ Dockerfile: dockerfile }), opts);
}

/** Compiles what is in a tree, whose base images are all the same. */
export function compileTree(tree: FileTree, opts: Readonly<Record<string, string>>): Promise<Compiled> {
  const locals = new Map([
    ['context', tree],
    ['dockerfile', tree],
  ]);
  const platform = { os: 'linux', architecture: 'amd64', variant: '', osVersion: '', osFeatures: [] };
  return compile({ opts, locals, images, platform });
}

/** A Dockerfile of some stages, each with steps and with files of earlier stages. */
export function manyStages(stages: number, steps: number): string {
  const lines: string[] = [];
  for (let stage = 0; stage < stages; stage++) {
    lines.push(
      `FROM ${stage > 2 && stage % 3 !== 0 ? `part-${stage - 3}` : `debian:${13 - (stage % 3)}`} AS part-${stage}`,
    );
    for (let step = 0; step < steps; step++) {
      if (step === 1 && stage > 0) lines.push(`COPY --from=part-${stage - 1} /out/${stage} /in/${stage}`);
      else if (step === 2) lines.push(`COPY src/${stage} /src/${stage}`);
      else lines.push(`RUN make -C /src/${stage} target-${step}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
