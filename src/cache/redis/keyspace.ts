import type { Tag } from '../stores/store.ts';
import { FORMAT } from './entry-codec.ts';

/** That of an application which gives none. Applications that share a Redis need one each. */
const DEFAULT_NAMESPACE = 'cache';

/** No colon, so that no key of one is a key of another; no brace, which would choose the hash slot of a Cluster. */
const NAMESPACE = /^[\w.-]{1,64}$/;

/** The names of all keys and channels of one application in Redis: each begins with its namespace and a colon. */
export class Keyspace {
  /** Where an application asks other processes to forget tokens. */
  readonly forgetChannel: string;
  /** No key: to delete it is a write that changes nothing. */
  readonly probe: string;
  readonly #prefix: string;
  readonly #tagPrefix: string;

  /** @throws an Error for a namespace that is no 1 to 64 letters, digits, `_`, `.` and `-` */
  constructor(namespace = DEFAULT_NAMESPACE) {
    if (!NAMESPACE.test(namespace))
      throw new Error(`a namespace is 1 to 64 letters, digits, _, . and -, not ${JSON.stringify(namespace)}`);
    this.#prefix = `${namespace}:`;
    this.#tagPrefix = `${namespace}:tag:`;
    this.forgetChannel = `${namespace}:forget`;
    this.probe = `${namespace}:probe`;
  }

  /** @param name begins with the layer */
  entry(name: string): string {
    return `${this.#prefix}${FORMAT}:${name}`;
  }

  token(tag: Tag): string {
    return this.#tagPrefix + tag;
  }

  /** The tag that a key is the token of. */
  tagOf(key: string): Tag | undefined {
    return key.startsWith(this.#tagPrefix) ? key.slice(this.#tagPrefix.length) : undefined;
  }

  claim(name: string): string {
    return `${this.#prefix}claim:${name}`;
  }

  /** In the hash slot of the token: a Cluster runs a script on keys of one slot only. */
  change(change: string, tag: Tag): string {
    return `${this.#prefix}change:${change}:{${this.token(tag)}}`;
  }

  /** A part of a large value. */
  part(id: string, index: number): string {
    return `${this.#prefix}part:${id}:${index}`;
  }

  counter(name: string): string {
    return this.#prefix + name;
  }
}
