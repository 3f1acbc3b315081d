export const when = 'the heap was made';
export const answer = () => new Error().stack;
