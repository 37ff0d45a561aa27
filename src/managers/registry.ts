/** Makes an object for a manager's server to hold: a class, or a function that answers with an object, which may be one that exists. */
// biome-ignore lint/suspicious/noExplicitAny: what it takes, the factory takes.
export type Make = (abstract new (...args: any[]) => object) | ((...args: any[]) => object);

/** A type that users have registered. */
export interface Registration {
  readonly name: string;
  readonly make: Make;
  /** The methods that clients may call; if left out, all whose names do not begin with `_`. */
  readonly exposed: readonly string[] | undefined;
}

const registrations = new WeakMap<object, Map<string, Registration>>();

/** Remembers a type for a class of managers, and what extends it. */
export function addRegistration(cls: object, registration: Registration): void {
  let own = registrations.get(cls);
  if (own === undefined) registrations.set(cls, (own = new Map()));
  own.set(registration.name, registration);
}

/** The types of a class of managers by their names, those of the classes that it extends included. */
export function registrationsOf(cls: object): Map<string, Registration> {
  const chain: object[] = [];
  for (let at: object | null = cls; at !== null; at = Object.getPrototypeOf(at)) chain.unshift(at);
  return new Map(chain.flatMap((each) => [...(registrations.get(each) ?? [])]));
}

/** True for what must be called with `new`. */
export function isClass(make: Make): make is abstract new () => object {
  return Object.getOwnPropertyDescriptor(make, 'prototype')?.writable === false;
}
