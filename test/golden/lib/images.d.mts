export const images: Readonly<Record<string, { digest: string; platforms: Readonly<Record<string, unknown>> }>>;
