/*
 * The heap that the script has made, as a part of the program: what the script's top level does is done when the
 * program is built, by the program `prepare`, and not at every start.
 *
 * The heap lies at one address, always: tables inside the engine are ordered by addresses. What it holds of addresses
 * of the program itself is filled in at the start, since these differ every time.
 */
#include <stdint.h>

#include "quickjs.h"

#define HEAP_ADDRESS 0x1000000000
#define HEAP_SIZE ((size_t)64 << 20)

/* What the host keeps outside of the heap. */
struct heap_roots {
    JSContext *ctx;
    JSValue listener;
    JSClassID unpacking_class;
    struct program *program;
    size_t memory_used;
};

/* Memory of the heap while it is made. Returns NULL beyond HEAP_SIZE. */
void *heap_allocate(size_t size);
void heap_free(void *pointer);
static inline int heap_has(const void *pointer) { return (uintptr_t)pointer - HEAP_ADDRESS < HEAP_SIZE; }
size_t heap_size_of(void *pointer);

/* What has been made so far is the rest of the heap, which the frontend alone does not need. */
void heap_end_rest(void);
/* Writes the heap to a file. */
int heap_save(const char *file, const struct heap_roots *roots);
/* Puts the program's heap to its address, without the rest. Returns NULL if the system does not allow it. */
const struct heap_roots *heap_restore(void);
/* Before anything of the rest is used. */
void heap_restore_rest(void);
