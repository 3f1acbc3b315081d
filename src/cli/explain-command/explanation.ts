/** Why steps of a build run again, for people. */
import type { Cause, UncachedCause } from '../../explain/cause.ts';
import type { ExplainedStep, Explanation } from '../../explain/compare-builds.ts';
import type { OpExplanation } from '../../graph/graph-model.ts';
import { count } from '../../text/number.ts';
import { printableLine } from '../../text/printable.ts';
import { causeText, noCacheFlag } from './cause-text.ts';
import { firstCauses } from './first-causes.ts';

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
 * @param cached what the daemon did, if there was a build: then it is said what ran, and what ran otherwise than the
 * comparison says
 */
export function formatExplanation({ steps }: Explanation, cached: CachedSteps = new Map()): string {
  const shown = firstCauses(steps.filter(({ line }) => line > 0)).map((step) => settled(step, cached));
  const isBuilt = cached.size > 0;
  const again = isBuilt ? 'ran again' : 'runs again';
  if (shown.every(({ outcome }) => outcome === 'cached'))
    return `nothing ${again}: ${count(shown.length, 'step')} cached\n`;
  const lines = [
    ...inLineOrder(shown.filter(({ causes }) => causes.some(isOwn))).flatMap(formatStep),
    ...formatUncached(shown),
    ...formatFollowers(shown),
    ...formatKept(shown),
    ...formatSurprises(shown),
  ];
  return [...lines, '', isBuilt ? formatBuilt(shown) : formatForetold(shown), ''].join('\n');
}

/**
 * A step with what the daemon made of it. `kept`: it might have run, and did not. `found`: it should have run, and was
 * in the cache. `ran`: it should have been in the cache. `unreached`: the daemon did not come to it.
 */
interface SettledStep extends Omit<ExplainedStep, 'outcome'> {
  readonly outcome: ExplainedStep['outcome'] | 'kept' | 'found' | 'ran' | 'unreached';
}

function settled(step: ExplainedStep, cached: CachedSteps): SettledStep {
  // A base image is loaded, and not run.
  if (cached.size === 0 || /^FROM\b/i.test(step.text)) return step;
  const was = cached.get(step.op);
  const { outcome } = step;
  if (was === undefined) return outcome === 'runs' ? { ...step, outcome: 'unreached' } : step;
  if (outcome === 'depends') return { ...step, outcome: was ? 'kept' : 'runs' };
  return was === (outcome === 'cached') ? step : { ...step, outcome: was ? 'found' : 'ran' };
}

/** The graph may have the stages in another order than the Dockerfile. */
function inLineOrder(steps: readonly SettledStep[]): SettledStep[] {
  const groups = Map.groupBy(steps, ({ platform, file }) => JSON.stringify([platform, file]));
  return [...groups.values()].flatMap((group) => group.sort((a, b) => a.line - b.line));
}

/** How many steps run, if there was no build. */
function formatForetold(steps: readonly SettledStep[]): string {
  const again = steps.filter(({ outcome }) => outcome === 'runs').length;
  const cached = steps.filter(({ outcome }) => outcome === 'cached').length;
  const open = steps.filter(({ outcome }) => outcome === 'depends');
  const unseen = open.filter((step) => step.causes.length > 0 || followsUnseen(step, steps)).length;
  const copying = open.length - unseen;
  const may =
    (copying > 0 ? `, ${count(copying, 'step')} if the files that they copy from other stages differ` : '') +
    (unseen > 0 ? `, ${count(unseen, 'step')} if the daemon does not have the directories` : '');
  return `${count(again, 'step')} ${again === 1 ? 'runs' : 'run'} again${may}; ${count(cached, 'step')} cached`;
}

/** How many steps ran. */
function formatBuilt(steps: readonly SettledStep[]): string {
  const ran = steps.filter(({ outcome }) => outcome === 'runs' || outcome === 'ran').length;
  const unreached = steps.filter(({ outcome }) => outcome === 'unreached' || outcome === 'depends').length;
  const not = unreached > 0 ? `, ${count(unreached, 'step')} ${unreached === 1 ? 'was' : 'were'} not reached` : '';
  return `${count(ran, 'step')} ran${not}; ${count(steps.length - ran - unreached, 'step')} cached`;
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
  if (outcome !== 'kept' && outcome !== 'depends') return [];
  const what = outcome === 'kept' ? 'it did not run' : 'it may not run';
  return [`  ${what}: a daemon that has a directory from an earlier build does not see such a change`];
}

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
export function explainOps(explanation: Explanation): ReadonlyMap<string, OpExplanation> {
  const steps = firstCauses(explanation.steps);
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

/** What the daemon did otherwise than the comparison says. */
function formatSurprises(steps: readonly SettledStep[]): string[] {
  const linesOf = (wanted: SettledStep['outcome']) => [
    ...new Set(steps.flatMap(({ outcome, line }) => (outcome === wanted ? line : []))),
  ];
  const [ran, found] = [linesOf('ran'), linesOf('found')];
  const because = "the cache was pruned, is another builder's, or was not to be used";
  return [
    ...(ran.length > 0 ? [`${lineList(ran)} ran though nothing changed: ${because}`] : []),
    ...(found.length > 0 ? [`${lineList(found)} did not run: the cache has the result of another build`] : []),
  ];
}
