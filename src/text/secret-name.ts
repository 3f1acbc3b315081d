/** Which names are those of secrets: the pattern of BuildKit's rule SecretsUsedInArgOrEnv. */

const secretWords = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/iu;
const harmlessWords = /(?:_|^)(?:public|file|version)(?:_|$)/iu;

/** Whether an argument or variable of this name looks like a secret: `GITHUB_TOKEN`, but not `TOKEN_FILE`. */
export const isSecretName = (name: string): boolean => secretWords.test(name) && !harmlessWords.test(name);
