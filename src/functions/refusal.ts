/** Thrown if a function cannot be sent, before its place in the message is known: the extension turns it into a SerializationError. */
export class Refusal extends Error {}
