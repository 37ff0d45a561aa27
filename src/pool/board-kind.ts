/** The number of task boards among shared objects. */
export const TASK_BOARD_KIND = 32;
