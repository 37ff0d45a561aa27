export { ClosedError, Empty, Full, ProcessError, SerializationError, ShutDown, StateError, TimeoutError } from './errors.ts';
