/* The memory of the scripts: malloc with a limit that tells when it was reached. */
#include <signal.h>

#include "quickjs.h"

/* Bytes that the script may use (README.md), and what it gets in addition to report that they are used up. */
#define MEMORY_LIMIT ((size_t)480 << 20)
#define MEMORY_RESERVE ((size_t)32 << 20)
/* Bytes at which a build program gets no more: the frontend then has enough to tell it. */
#define PROGRAM_MEMORY ((size_t)448 << 20)

/*
 * Its argument is NULL in the frontend, and in the engine of a build program an int, which becomes 1 when it gets no
 * more.
 */
extern const JSMallocFunctions limited_memory;
extern size_t memory_used;
/* Whether the frontend has reached the limit: it has the reserve then. */
extern int memory_ran_out;
/*
 * 1 while these functions run: a signal handler must not leave them then. If it sets 2, they call memory_leave at their
 * end.
 */
extern volatile sig_atomic_t memory_busy;
extern void (*memory_leave)(void);
