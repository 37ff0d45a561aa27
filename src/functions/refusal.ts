/** Why a function cannot travel, before the place in the message is known: the extension turns it into a SerializationError. */
export class Refusal extends Error {}
