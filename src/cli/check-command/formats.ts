/** The formats of `tsfront check --format` for services that show findings. */
import type { CheckedFile } from './checked-file.ts';

/** A format besides `text` and `json`. */
export type ReportFormat = 'sarif' | 'github' | 'gitlab' | 'checkstyle';

type Format = (files: readonly CheckedFile[]) => string;

/** Each format is a module, which is loaded for it alone. */
const formats: Readonly<Record<ReportFormat, () => Promise<Format>>> = {
  sarif: async () => (await import('./format-sarif.ts')).formatSarif,
  github: async () => (await import('./format-github.ts')).formatGitHub,
  gitlab: async () => (await import('./format-gitlab.ts')).formatGitLab,
  checkstyle: async () => (await import('./format-checkstyle.ts')).formatCheckstyle,
};

/** Formats the problems of files. */
export async function formatReport(format: ReportFormat, files: readonly CheckedFile[]): Promise<string> {
  return (await formats[format]())(files);
}
