import { type Extension, registerExtension } from '../../codec/extension.ts';
import { registerOwnExports, registerOwnLoader, registerOwnNames } from '../../functions/own-exports.ts';

/** What a door adds to what a process can send and receive. */
interface Wiring {
  /** The kinds of values that can be sent from now on, in the order in which they are asked, the last one first. */
  readonly extensions?: readonly Extension[];
  /** What is sent by reference, by the specifier that it is sent with: the names of a door, and names of ours that no door has. */
  readonly exports: Readonly<Record<string, object>>;
  /** Names of a door that can be sent before the door is loaded, by its specifier. */
  readonly early?: Readonly<Record<string, object>>;
  /** What is loaded when the first reference with this specifier arrives. */
  readonly late?: Readonly<Record<string, () => void>>;
}

/** Puts a wiring into effect; each wiring calls this once, when it is loaded. */
export function wire({ extensions = [], exports, early = {}, late = {} }: Wiring): void {
  for (const extension of extensions) registerExtension(extension);
  for (const [specifier, namespace] of Object.entries(exports)) registerOwnExports(namespace, specifier);
  for (const [specifier, names] of Object.entries(early)) registerOwnNames(names, specifier);
  for (const [specifier, load] of Object.entries(late)) registerOwnLoader(specifier, load);
}
