import { registerLazySharedClass } from '../channel/handle-extension.ts';
import { lazy } from '../lazy.ts';
import { registerDestroyer } from '../memory/family.ts';
import { TASK_BOARD_KIND } from './board-kind.ts';

const board = lazy(() => require('./task-board.ts') as typeof import('./task-board.ts'));

// Whoever gave it up last clears it away, also a process that has no pool.
registerDestroyer(TASK_BOARD_KIND, (family, offset) => board().destroyBoard(family, offset));

/** Lets boards travel; called once by the library's door. */
export function installTaskBoards(): void {
  registerLazySharedClass(TASK_BOARD_KIND, () => board().TaskBoard);
}
