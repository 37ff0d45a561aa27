import { registerLazySharedClass } from '../channel/handle-extension.ts';
import { lazy } from '../lazy.ts';
import { registerDestroyer } from '../memory/family.ts';
import { TASK_BOARD_KIND } from './board-kind.ts';

const board = lazy(() => require('./task-board.ts') as typeof import('./task-board.ts'));

// The last member that releases a board destroys it, even a process that has no pool.
registerDestroyer(TASK_BOARD_KIND, (family, offset) => board().destroyBoard(family, offset));

/** Makes it possible to send boards; the library's door calls it once. */
export function installTaskBoards(): void {
  registerLazySharedClass(TASK_BOARD_KIND, () => board().TaskBoard);
}
