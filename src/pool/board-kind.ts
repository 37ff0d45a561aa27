import { lazy } from '../loading/lazy.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind } from '../memory/object-kinds.ts';

const board = lazy(() => require('./task-board.ts') as typeof import('./task-board.ts'));

// The last member that releases a board destroys it, even a process that has no pool.
defineKind(kinds.TASK_BOARD, {
  make: () => board().TaskBoard,
  destroy: (family, offset) => board().destroyBoard(family, offset),
});
