/** The interface through which the frontend asks what a source of a build is pinned to. */
import type { ImageReference } from '../image/reference.ts';

/** Gives each source of a build what it is pinned to. A source that is not pinned, and need not be, stays as it is. */
export interface SourcePins {
  /** Whether every source has to be pinned. Another frontend, which knows no pins, cannot promise that. */
  readonly isFrozen: boolean;
  /** The same image with the digest that it is pinned to. @throws DiagnosticError `unlocked-source` */
  image(reference: ImageReference): ImageReference;
  /**
   * The checksum of a file on the web, as `ADD --checksum` takes it; '' if it is not pinned. @throws DiagnosticError
   */
  http(url: string): string;
  /**
   * The commit to fetch instead of a branch or tag; `ref` itself if it is not pinned.
   *
   * @param remote the address of the repository
   * @param ref commit, tag or branch; '' for the default branch
   * @throws DiagnosticError `unlocked-source`
   */
  git(remote: string, ref: string): string;
}
