/** Which step an arrow key leads to. */
import type { Box } from '../../src/graph/layout.ts';
import { resultStep, type State } from './state.ts';

/** The step that an arrow leads to from the selected one; without a selection the result, else the first step. */
export function neighbour(state: State, arrow: string): number | undefined {
  const { selected, platform, users, drawing } = state;
  if (selected === undefined) return resultStep(state) ?? (platform.steps.length > 0 ? 0 : undefined);
  const { boxes, boxOf, rowOf } = drawing.layout;
  const box = boxes[boxOf[selected]!]!;
  const row = rowOf[selected]!;
  const nearest = (steps: readonly number[]) => steps.find((step) => boxOf[step] !== boxOf[selected]);
  switch (arrow) {
    case 'ArrowUp':
      return row > 0 ? box.steps[row - 1] : vertical(state, box, -1);
    case 'ArrowDown':
      return row < box.steps.length - 1 ? box.steps[row + 1] : vertical(state, box, 1);
    case 'ArrowLeft':
      return nearest(platform.steps[selected]!.inputs) ?? sideways(state, box, -1);
    default:
      return nearest(users[selected]!) ?? sideways(state, box, 1);
  }
}

/** From a step without a line to that side: the first or last step of its stage that has one. */
function sideways({ platform, users, drawing }: State, box: Box, direction: number): number | undefined {
  const { boxOf } = drawing.layout;
  const leads = (step: number) => {
    const others = direction < 0 ? platform.steps[step]!.inputs : users[step]!;
    return others.some((other) => boxOf[other] !== boxOf[step]);
  };
  return direction < 0 ? box.steps.find(leads) : box.steps.findLast(leads);
}

/** The step above or below in another box of the same column. */
function vertical({ drawing }: State, here: Box, direction: number): number | undefined {
  const others = drawing.layout.boxes.filter(
    (box) =>
      box !== here && box.x < here.x + here.width && box.x + box.width > here.x && (box.y - here.y) * direction > 0,
  );
  others.sort((a, b) => (a.y - b.y) * direction);
  return direction > 0 ? others[0]?.steps[0] : others[0]?.steps.at(-1);
}
