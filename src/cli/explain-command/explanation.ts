/** Why steps of a build run again, for people. */
import type {
  BaseImageCause,
  Cause,
  FileCause,
  InstructionCause,
  SettingCause,
  UncachedCause,
} from '../../explain/cause.ts';
import type { ExplainedStep, Explanation } from '../../explain/compare-builds.ts';
import type { OpExplanation } from '../../graph/graph-model.ts';
import { shortDigest } from '../../llb/format-op.ts';
import { count, formatInteger } from '../../text/number.ts';
import { printableLine } from '../../text/printable.ts';

/** What to say if values could not be compared. */
export function valuesNote({ valuesCompared }: Explanation): string {
  return valuesCompared
    ? ''
    : 'note: values of variables are not compared, and count as equal: a record is of another user or machine\n';
}

/** Which steps the daemon took from its cache, by the digest of the op; steps that it did not come to are absent. */
export type CachedSteps = ReadonlyMap<string, boolean>;

/**
 * Formats an explanation: a line for each step that runs again, with its causes below it.
 *
 * @param cached what the daemon did, if there was a build: it decides about steps that may be cached
 */
export function formatExplanation({ steps: all }: Explanation, cachedSteps: CachedSteps = new Map()): string {
  const steps = all.map((step) => settled(step, cachedSteps));
  const shown = steps.filter(({ line }) => line > 0);
  const changed = shown.filter(({ outcome }) => outcome !== 'cached');
  const cached = shown.length - changed.length;
  if (changed.length === 0) return `nothing runs again: ${count(cached, 'step')} cached\n`;
  const lines = shown.filter(({ causes }) => causes.some(isOwn)).flatMap(formatStep);
  lines.push(...formatUncached(shown), ...formatFollowers(shown), ...formatKept(shown));
  const again = changed.filter(({ outcome }) => outcome === 'runs').length;
  const kept = changed.filter(({ outcome }) => outcome === 'kept').length;
  const open = changed.filter(({ outcome }) => outcome === 'depends');
  const unseen = open.filter((step) => step.causes.length > 0 || followsUnseen(step, shown)).length;
  const copying = open.length - unseen;
  const may =
    (copying > 0 ? `, ${count(copying, 'step')} if the files that they copy from other stages differ` : '') +
    (unseen > 0 ? `, ${count(unseen, 'step')} if the daemon does not have the directories` : '');
  const runs = again === 1 ? 'runs' : 'run';
  lines.push('', `${count(again, 'step')} ${runs} again${may}; ${count(cached + kept, 'step')} cached`);
  return `${lines.join('\n')}\n`;
}

/** A step with what the daemon made of it: `kept` if it might have run, and did not. */
interface SettledStep extends Omit<ExplainedStep, 'outcome'> {
  readonly outcome: ExplainedStep['outcome'] | 'kept';
}

function settled(step: ExplainedStep, cached: CachedSteps): SettledStep {
  const was = cached.get(step.op);
  if (step.outcome !== 'depends' || was === undefined) return step;
  return { ...step, outcome: was ? 'kept' : 'runs' };
}

const placeOf = ({ file, line, platform }: Pick<ExplainedStep, 'file' | 'line' | 'platform'>) =>
  `${file}:${line}${platform && ` (${platform})`}`;

/** Whether a cause is of the step itself, and not of all steps of its stage. */
const isOwn = ({ kind }: Cause) => kind !== 'no cache';
const isUncached = (cause: Cause): cause is UncachedCause => cause.kind === 'no cache';

function formatStep(step: SettledStep): string[] {
  const head = printableLine(`${placeOf(step)} ${step.text}`.trimEnd());
  const follows = step.followsFrom.length > 0 ? [`  and it follows from ${lineList(step.followsFrom)}`] : [];
  const causes = step.causes.filter(isOwn).map((cause) => printableLine(`  ${causeText(cause)}`));
  return [head, ...causes, ...unseenNote(step), ...follows];
}

/** What a daemon makes of a directory of which only the mode or the attributes changed. */
function unseenNote({ outcome }: SettledStep): string[] {
  if (outcome === 'runs') return [];
  const what = outcome === 'kept' ? 'it did not run' : 'it may not run';
  return [`  ${what}: a daemon that has a directory from an earlier build does not see such a change`];
}

const noCacheFlag = ({ ofStages }: UncachedCause) => (ofStages ? '--no-cache-filter' : '--no-cache');

/** Which steps only run because the cache is not used, by the flag that says so. */
function formatUncached(steps: readonly SettledStep[]): string[] {
  const lines = new Map<string, Set<number>>();
  for (const { causes, line } of steps) {
    const [cause] = causes;
    if (causes.length !== 1 || !cause || !isUncached(cause)) continue;
    const flag = noCacheFlag(cause);
    const same = lines.get(flag);
    if (same) same.add(line);
    else lines.set(flag, new Set([line]));
  }
  return [...lines].map(([flag, of]) => `${lineList([...of])} ${of.size === 1 ? 'runs' : 'run'} because of ${flag}`);
}

/** Whether a step can only run if one runs whose change the daemon may not see. */
function followsUnseen({ followsFrom, platform }: SettledStep, steps: readonly SettledStep[]): boolean {
  const from = new Set(followsFrom);
  const roots = steps.filter((it) => it.causes.length > 0 && it.platform === platform && from.has(it.line));
  return roots.length > 0 && roots.every(({ outcome }) => outcome === 'depends' || outcome === 'kept');
}

/** What the graph shows of an explanation, by the digest of the op. */
export function explainOps({ steps }: Explanation): ReadonlyMap<string, OpExplanation> {
  const uncertain = new Set(steps.filter(({ outcome }) => outcome === 'depends').map(({ line }) => line));
  return new Map(steps.map((step) => [step.op, explainOp(step, uncertain)]));
}

/** @param uncertain lines of the steps that may not run */
function explainOp({ outcome, causes, followsFrom }: ExplainedStep, uncertain: ReadonlySet<number>): OpExplanation {
  if (outcome === 'cached') return { change: 'same', text: '' };
  if (causes.length > 0) return { change: 'cause', text: causes.map(causeText).join('; ') };
  const isUncertain = followsFrom.every((line) => uncertain.has(line));
  const may =
    outcome === 'runs' ? '' : isUncertain ? ', if that runs, or what it copies differs' : ', if what it copies differs';
  return { change: 'follows', text: `follows from ${lineList(followsFrom)}${may}` };
}

/** What a cause says. */
function causeText(cause: Cause): string {
  switch (cause.kind) {
    case 'new':
      return 'it is new';
    case 'instruction':
      return cause.name === '' ? 'its text changed' : flagText(cause);
    case 'variable': {
      const { name, origin, detail } = cause;
      return `the value of ${name} changed (${origin === 'build argument' ? `--build-arg ${name}` : detail})`;
    }
    case 'variables':
      return `and the values of ${formatInteger(cause.count)} more variables`;
    case 'base image':
      return `the base image is another one${imagesText(cause)}`;
    case 'source':
      return 'its source is another one';
    case 'platform':
      return 'the platform is another one';
    case 'mount':
      return `its mount ${cause.name} changed`;
    case 'settings':
      return settingText(cause);
    case 'file':
      return `${cause.name}: ${fileText(cause)}`;
    case 'files':
      return cause.count === undefined
        ? `files of ${cause.name} changed`
        : `and ${formatInteger(cause.count)} more files of ${cause.name}`;
    case 'inputs':
      return 'it continues from another step';
    case 'no cache':
      return `${noCacheFlag(cause)} is given`;
  }
}

/** Images before and now: of one name only the digests. */
function imagesText({ before, now }: BaseImageCause): string {
  if (before === undefined || now === undefined) return '';
  const [was, is] = [before, now].map((image) => {
    const [name = '', digest] = image.split('@');
    return { name: name.replace(/^docker\.io\/(?:library\/)?/, ''), digest: digest && shortDigest(digest) };
  });
  const isDigest = was!.name === is!.name && was!.digest && is!.digest;
  const [from, to] = [was!, is!].map(({ name, digest }) => (isDigest ? digest : digest ? `${name} (${digest})` : name));
  return `: ${from} → ${to}`;
}

function settingText({ setting, source, detail }: SettingCause): string {
  const what = setting === 'settings' ? 'extra hosts, limits or the like' : setting;
  const of = source === undefined ? what : `${what} of its source ${source}`;
  return `its settings changed: ${of}${detail && ` (${detail})`}`;
}

function flagText({ name, before, now }: InstructionCause): string {
  if (before === undefined || now === undefined) return `its ${name} changed`;
  if (before === '') return `${now} is new`;
  return now === '' ? `${before} is gone` : `its ${name} changed: ${before} → ${now}`;
}

function fileText({ detail, rule, place = 'the ignore file', lines, bytes, before, now }: FileCause): string {
  const change = before === undefined || now === undefined ? '' : `: ${before} → ${now}`;
  const pattern = rule === undefined ? '' : ` (${rule})`;
  switch (detail) {
    case 'content': {
      const sizes = bytes && ` (${bytes.map(formatInteger).join(' → ')} bytes)`;
      return `its content changed${lines === undefined ? (sizes ?? '') : ` (${count(lines, 'line')})`}`;
    }
    case 'mode':
      return `its mode changed${change}`;
    case 'kind':
      return `its kind changed${change}`;
    case 'link':
      return `its target changed${change}`;
    case 'attributes':
      return 'its extended attributes changed';
    case 'new':
      return 'it is new';
    case 'gone':
      return 'it is gone';
    case 'ignored':
      return `${place}${pattern} drops it now`;
    case 'no longer ignored':
      return `${place}${pattern} no longer drops it`;
  }
}

/** Lines that say the same, on some platforms. */
interface Followers {
  readonly from: readonly number[];
  readonly outcome: string;
  /** Whether they follow from what the daemon may not see. */
  readonly unseen: boolean;
  readonly lines: number[];
  readonly platforms: string[];
}

/** Steps without causes of their own, by what they follow from; what is so on several platforms is said once. */
function followersOf(steps: readonly SettledStep[]): Followers[] {
  const groups = new Map<string, Followers>();
  for (const step of steps) {
    const { causes, followsFrom, outcome, line, platform } = step;
    if (causes.length > 0 || followsFrom.length === 0) continue;
    const key = JSON.stringify([followsFrom, outcome, platform]);
    let group = groups.get(key);
    if (!group) {
      const unseen = outcome !== 'runs' && followsUnseen(step, steps);
      group = { from: followsFrom, outcome, unseen, lines: [], platforms: [platform] };
    }
    if (!group.lines.includes(line)) group.lines.push(line);
    groups.set(key, group);
  }
  const joined = new Map<string, Followers>();
  for (const group of groups.values()) {
    const key = JSON.stringify([group.from, group.outcome, group.lines]);
    const same = joined.get(key);
    if (same) same.platforms.push(...group.platforms);
    else joined.set(key, group);
  }
  return [...joined.values()];
}

/** The platforms of a group, if it is not so on all. */
function onPlatforms({ platforms }: Followers, steps: readonly SettledStep[]): string {
  const all = new Set(steps.map(({ platform }) => platform));
  return platforms.length === all.size ? '' : ` (${platforms.join(', ')})`;
}

/** Which steps only follow, by what they follow from. */
function formatFollowers(steps: readonly SettledStep[]): string[] {
  return followersOf(steps)
    .filter(({ outcome }) => outcome !== 'kept')
    .map((group) => {
      const { from, outcome, unseen, lines } = group;
      const one = lines.length === 1;
      const condition = unseen ? 'that runs' : `what ${one ? 'it copies' : 'they copy'} differs`;
      const may = outcome === 'depends' ? `, if ${condition}` : '';
      const platforms = onPlatforms(group, steps);
      return `${lineList(lines)}${platforms} ${one ? 'follows' : 'follow'} from ${lineList(from)}${may}`;
    });
}

/** Which steps might have followed, and did not: the daemon found the same files. */
function formatKept(steps: readonly SettledStep[]): string[] {
  return followersOf(steps)
    .filter(({ outcome }) => outcome === 'kept')
    .map((group) => {
      const { from, unseen, lines } = group;
      const what = lines.length === 1 ? 'it copies' : 'they copy';
      if (unseen) return `${lineList(lines)}${onPlatforms(group, steps)} did not run either`;
      return `${lineList(lines)}${onPlatforms(group, steps)} did not run: what ${what} is the same after ${lineList(from)}`;
    });
}

/** `line 7`, `lines 8–10, 14`. */
function lineList(lines: readonly number[]): string {
  const sorted = [...lines].sort((a, b) => a - b);
  return `${sorted.length === 1 ? 'line' : 'lines'} ${sorted.join(', ')}`;
}

/**
 * What the daemon did otherwise than the comparison says.
 *
 * @param cached whether the daemon took a step from its cache, by the digest of its op; steps that it did not come to
 * are absent
 */
export function formatSurprises({ steps }: Explanation, cached: CachedSteps): string {
  const own = steps.filter(({ line, text }) => line > 0 && !/^FROM\b/i.test(text));
  const ran = own.filter(({ outcome, op }) => outcome === 'cached' && cached.get(op) === false);
  const kept = own.filter(({ outcome, op }) => outcome === 'runs' && cached.get(op) === true);
  const linesOf = (some: readonly ExplainedStep[]) => lineList([...new Set(some.map(({ line }) => line))]);
  return [
    ...(ran.length > 0
      ? [
          `${linesOf(ran)} ran though nothing changed: the cache was pruned, is another builder's, or was not to be used\n`,
        ]
      : []),
    ...(kept.length > 0 ? [`${linesOf(kept)} did not run: the cache has the result of another build\n`] : []),
  ].join('');
}
