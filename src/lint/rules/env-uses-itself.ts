import type { Finding, LintRule } from '../rule.ts';

/** An ENV uses a variable that the same ENV sets. */
export const envUsesItself: LintRule = {
  name: 'EnvUsesItself',
  summary: 'ENV does not use a variable that it sets itself.',
  why: 'The variables of one ENV are set at the same time: `$A` in `ENV A=1 B=$A` has the value from before this line, mostly none. Nothing reports that, and the path or the option is wrong in the container. A base image may have set the variable to the same value, so the rule is off by default. Forms with a default (`${A:-1}`) are not reported.',
  bad: ['FROM alpine:3.22\nENV HOME_DIR=/srv BIN=$HOME_DIR/bin\n', 'FROM alpine:3.22\nENV A=1 \\\n    B=${A}/2\n'],
  good: [
    'FROM alpine:3.22\nENV HOME_DIR=/srv\nENV BIN=$HOME_DIR/bin\n',
    'FROM alpine:3.22\nENV PATH=/srv/bin:$PATH LANG=C\n',
    'FROM alpine:3.22\nARG A\nENV A=$A B=$A\n',
    "FROM alpine:3.22\nENV A=1 B='$A' C=\\$A\n",
    'FROM alpine:3.22\nENV A=1\nENV A=2 B=$A\n',
  ],
  level: 'off',
  fix: 'unsafe',
  hadolint: 'DL3044',
  *find({ stages, dockerfile }): Generator<Finding> {
    const before = new Set(dockerfile.metaArgs.flatMap(({ args }) => args.map(({ key }) => key)));
    for (const { instructions, base } of stages) {
      // What a stage is made from may set the same variable.
      const known = new Set(base.kind === 'stage' ? allKeys(base.stage.instructions) : ['PATH']);
      for (const instruction of instructions) {
        if (instruction.kind === 'arg') for (const { key } of instruction.args) known.add(key);
        if (instruction.kind !== 'env') continue;
        const { pairs } = instruction;
        const set = new Set<string>();
        for (const { key, value, range } of pairs) {
          const used = variablesIn(value).find((name) => set.has(name) && !known.has(name) && !before.has(name));
          if (used !== undefined) {
            const start = range.start;
            yield {
              instruction,
              range,
              message: `$${used} is not set yet: this ENV sets it at the same time as ${key}`,
              hint: `Set ${key} in an ENV of its own, below.`,
              fix:
                pairs.at(-1)!.range === range && pairs.length > 1
                  ? {
                      title: `Set ${key} in an ENV of its own`,
                      edits: [
                        { range: { start: pairs.at(-2)!.range.end, end: start }, text: `\n${instruction.keyword} ` },
                      ],
                      safety: 'unsafe',
                      changes: `${key} has the value of $${used}`,
                    }
                  : undefined,
            };
            break;
          }
          set.add(key);
        }
        for (const { key } of pairs) known.add(key);
      }
    }
  },
};

function allKeys(instructions: readonly { readonly kind: string }[]): string[] {
  return instructions.flatMap((it) => {
    if ('pairs' in it && it.kind === 'env')
      return (it.pairs as readonly { readonly key: string }[]).map(({ key }) => key);
    return [];
  });
}

/** The names of the variables in a value; not those that quotes or escapes keep as they are. */
function variablesIn(value: string): string[] {
  const text = value.replace(/\\[\s\S]|'[^']*'/g, '');
  return [...text.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)].map(([, braced, plain]) => braced ?? plain!);
}
