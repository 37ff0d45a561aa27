/** Makes an object for the server of a manager: a class, or a function that returns an object, which may exist already. */
// biome-ignore lint/suspicious/noExplicitAny: what it takes, the factory takes.
export type Make = (abstract new (...args: any[]) => object) | ((...args: any[]) => object);

/** A type that users have registered. */
export interface Registration {
  readonly name: string;
  readonly make: Make;
  /** The methods that clients may call; by default all whose names do not begin with `_`. */
  readonly exposed: readonly string[] | undefined;
}

const registrations = new WeakMap<object, Map<string, Registration>>();

/** Remembers a type for a class of managers and its subclasses. */
export function addRegistration(cls: object, registration: Registration): void {
  let own = registrations.get(cls);
  if (own === undefined) registrations.set(cls, (own = new Map()));
  own.set(registration.name, registration);
}

/** Returns the types of a class of managers by their names, including those of its base classes. */
export function registrationsOf(cls: object): Map<string, Registration> {
  const chain: object[] = [];
  for (let at: object | null = cls; at !== null; at = Object.getPrototypeOf(at)) chain.unshift(at);
  return new Map(chain.flatMap((each) => [...(registrations.get(each) ?? [])]));
}

/** True for a function that must be called with `new`. */
export function isClass(make: Make): make is abstract new () => object {
  return Object.getOwnPropertyDescriptor(make, 'prototype')?.writable === false;
}
