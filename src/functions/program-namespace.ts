/** Stands for the namespace of a module of the program, which travels by value: some of its members are looks at variables that the module assigns to. */
import type { SharedVariable } from './shared-variable.ts';
import { standIn } from './stand-in.ts';

/** One member as it travels. */
export interface NamespaceMember {
  readonly name: string;
  /** Of one that arrived and is assigned to, the cell. */
  readonly value: unknown;
  /** The variable that it is a look at, where the module assigns to that variable. */
  readonly variable: SharedVariable | undefined;
}

/** In a message it stands for an object with these members. */
export class ProgramNamespace {
  readonly members: readonly NamespaceMember[];

  constructor(members: readonly NamespaceMember[]) {
    this.members = members;
  }
}

standIn(ProgramNamespace);
