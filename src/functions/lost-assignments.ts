/**
 * Assignments of a pool's initializer that tasks cannot see: what it assigns is a variable of a function or a loop, of which each function
 * that is sent has a copy. Nothing tells there which functions mean the same variable (scope-instance.ts), so the program gets a warning.
 */
import type { Variable } from './function-image.ts';
import type { Binding } from './scopes.ts';

/** The key of the last task that uses a variable. */
const usedBy = new WeakMap<Binding, string>();
/** The key of the initializer that assigns to a variable. */
const assignedBy = new WeakMap<Binding, string>();
const warned = new WeakSet<Binding>();

/** Notes the variables that a task with this key uses, but for those at the top level of a module. */
export function noteUses(key: string, variables: Iterable<Variable>): void {
  for (const { binding } of variables) {
    if (binding === null || !binding.assigned || binding.scope.single) continue;
    const initializer = assignedBy.get(binding);
    if (initializer === undefined) usedBy.set(binding, key);
    else if (initializer !== key) warn(binding);
  }
}

/** Notes the variables that an initializer with this key assigns to, but for those at the top level of a module. */
export function noteAssignments(key: string, variables: Iterable<Variable>): void {
  for (const { binding, isWritten } of variables) {
    if (binding === null || !isWritten || binding.scope.single) continue;
    assignedBy.set(binding, key);
    const user = usedBy.get(binding);
    if (user !== undefined && user !== key) warn(binding);
  }
}

function warn(binding: Binding): void {
  if (warned.has(binding)) return;
  warned.add(binding);
  const { name } = binding;
  process.emitWarning(
    `The initializer of a Pool assigns to ${name}, and a task uses it. The variable is not at the top level of its module: the task has a copy of its own, and does not see the assignment. Declare ${name} at the top level.`,
  );
}
