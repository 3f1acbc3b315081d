/* The memory of the script: malloc with a limit that tells when it was reached. */
#include "quickjs.h"

/* Bytes that the script may use (README.md), and what it gets in addition to report that they are used up. */
#define MEMORY_LIMIT ((size_t)480 << 20)
#define MEMORY_RESERVE ((size_t)32 << 20)

extern const JSMallocFunctions limited_memory;
extern size_t memory_used;
/* Whether the limit was reached: the script has the reserve then. */
extern int memory_ran_out;
