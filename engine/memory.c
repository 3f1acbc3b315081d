#include "memory.h"
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "heap.h"

#undef PAGE_SIZE
#define PAGE_SIZE ((size_t)4096)

_Static_assert(PROGRAM_MEMORY + MEMORY_RESERVE <= MEMORY_LIMIT, "the frontend can tell that a program got no more");

size_t memory_used;
int memory_ran_out;
volatile sig_atomic_t memory_busy;
void (*memory_leave)(void);

#if defined PREPARE && !defined __SANITIZE_ADDRESS__

/* Everything that is made lies in the heap of the program. */
static void *obtain(size_t size) { return heap_allocate(size); }
static void release(void *pointer) { heap_free(pointer); }
static size_t size_of(void *pointer) { return heap_size_of(pointer); }

#else

/*
 * The engine cuts small objects from blocks of nearly a page, of which a build takes and frees hundreds. They come from
 * one reservation, and are kept when they are free: a call of the system for each would take longer than all else they
 * need.
 */
static struct page { struct page *next; } *free_pages;
static char *pages;
static size_t pages_size, pages_used;

/*
 * Bytes of pages beyond which a build is large: the system may then give them in large pieces, without a fault for each
 * page.
 */
#define LARGE_BUILD ((size_t)16 << 20)

static int is_page(const void *pointer) { return (size_t)((const char *)pointer - pages) < pages_size; }

static __attribute__((unused)) void *take_page(void) {
    if (!pages) {
        pages_size = MEMORY_LIMIT + MEMORY_RESERVE;
        pages = mmap(NULL, pages_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (pages == MAP_FAILED) pages_size = 0;
    }
    struct page *page = free_pages;
    if (page) free_pages = page->next;
    else if (pages_used < pages_size) {
        if (pages_used == LARGE_BUILD) madvise(pages + pages_used, pages_size - pages_used, MADV_HUGEPAGE);
        page = (struct page *)(pages + pages_used);
        pages_used += PAGE_SIZE;
    }
    return page;
}

static void *obtain(size_t size) {
#ifndef __SANITIZE_ADDRESS__ /* which checks what malloc gives */
    void *page = size > PAGE_SIZE / 2 && size <= PAGE_SIZE ? take_page() : NULL;
    if (page) return page;
#endif
    return malloc(size);
}

static void release(void *pointer) {
    if (heap_has(pointer)) return; /* a part of the program */
    if (!is_page(pointer)) {
        free(pointer);
        return;
    }
    struct page *page = pointer;
    page->next = free_pages;
    free_pages = page;
}

static size_t size_of(void *pointer) {
    return heap_has(pointer) ? heap_size_of(pointer) : is_page(pointer) ? PAGE_SIZE : malloc_usable_size(pointer);
}

#endif

static int has_room(int *program_ran_out, size_t size) {
    size_t limit = program_ran_out ? PROGRAM_MEMORY : memory_ran_out ? MEMORY_LIMIT + MEMORY_RESERVE : MEMORY_LIMIT;
    if (memory_used < limit && size < limit - memory_used) return 1;
    *(program_ran_out ? program_ran_out : &memory_ran_out) = 1;
    return 0;
}

static void *limited_malloc(void *opaque, size_t size) {
    void *pointer = has_room(opaque, size) ? obtain(size) : NULL;
    if (pointer) memory_used += size_of(pointer);
    return pointer;
}

static void *limited_calloc(void *opaque, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    void *pointer = limited_malloc(opaque, bytes);
    return pointer ? memset(pointer, 0, bytes) : NULL;
}

static void limited_free(void *opaque, void *pointer) {
    if (!pointer) return;
    memory_used -= size_of(pointer);
    release(pointer);
}

static void *limited_realloc(void *opaque, void *pointer, size_t size) {
    if (!pointer) return limited_malloc(opaque, size);
    size_t before = size_of(pointer);
    if (size > 0 && size <= before && size > before / 2) return pointer;
    if (size > PAGE_SIZE && before > PAGE_SIZE && !heap_has(pointer)) { /* large blocks grow without being copied */
        if (size > before && !has_room(opaque, size - before)) return NULL;
        void *moved = realloc(pointer, size);
        if (moved) memory_used += size_of(moved) - before;
        return moved;
    }
    void *moved = limited_malloc(opaque, size);
    if (!moved) return NULL;
    memcpy(moved, pointer, before < size ? before : size);
    limited_free(opaque, pointer);
    return moved;
}

static size_t usable_size(const void *pointer) { return pointer ? size_of((void *)pointer) : 0; }

/* ---- what the engine calls ---- */

static void *leave(void *result) {
    int is_interrupted = memory_busy == 2;
    memory_busy = 0;
    if (is_interrupted) memory_leave();
    return result;
}

static void *do_calloc(void *opaque, size_t count, size_t size) {
    memory_busy = 1;
    return leave(limited_calloc(opaque, count, size));
}

static void *do_malloc(void *opaque, size_t size) {
    memory_busy = 1;
    return leave(limited_malloc(opaque, size));
}

static void do_free(void *opaque, void *pointer) {
    memory_busy = 1;
    limited_free(opaque, pointer);
    leave(NULL);
}

static void *do_realloc(void *opaque, void *pointer, size_t size) {
    memory_busy = 1;
    return leave(limited_realloc(opaque, pointer, size));
}

const JSMallocFunctions limited_memory = {do_calloc, do_malloc, do_free, do_realloc, usable_size};
