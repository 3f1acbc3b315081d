export function fetchRuntime(architecture: string): {
  readonly root: string;
  readonly node: string;
  readonly licence: string;
  readonly comment: string;
};
export function emulator(architecture: string): string;
