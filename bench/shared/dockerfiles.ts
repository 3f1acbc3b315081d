/** Dockerfiles of any size. */

/** One stage of a mixture of instructions. */
export function instructions(count: number, name: string): string {
  const lines = [`FROM node:22 AS ${name}`];
  for (let i = 1; i < count; i++) {
    const line = [
      `RUN make ${name}-${i} && echo "$STEP" > /log-${i}`,
      `COPY --chown=1000:1000 src/${name}/${i} /app/${i}`,
      `ENV STEP=${i} NAME_${i % 50}=\${STEP:-none}`,
      `WORKDIR /app/${i % 10}`,
    ][i % 4]!;
    lines.push(line);
  }
  return `${lines.join('\n')}\n`;
}

/** A chain of stages, each of so many instructions. */
export function stages(count: number, each: number): string {
  return Array.from({ length: count }, (_, stage) => {
    const body = instructions(each - 1, `stage-${stage}`);
    return stage === 0 ? body : `${body}COPY --from=stage-${stage - 1} /app /previous\n`;
  }).join('');
}
