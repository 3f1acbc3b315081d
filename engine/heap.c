#include "heap.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* The beginning of the heap: what leads to the rest. */
struct head {
    size_t used, rest; /* bytes; the rest comes first */
    struct heap_roots roots;
};

/* The largest page of any system. */
#define PART_ALIGNMENT ((size_t)65536)

#define HEAD ((struct head *)HEAP_ADDRESS)

size_t heap_size_of(void *pointer) { return ((size_t *)pointer)[-1]; }

#ifdef PREPARE

static size_t used;
static struct block { struct block *next; } *free_blocks;

static void *take_free_block(size_t size) {
    for (struct block **link = &free_blocks; *link; link = &(*link)->next) {
        struct block *block = *link;
        if (heap_size_of(block) < size || heap_size_of(block) / 2 > size) continue;
        *link = block->next;
        block->next = NULL;
        return block;
    }
    return NULL;
}

/* Each block is preceded by its size. */
void *heap_allocate(size_t size) {
    if (used == 0) {
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
        void *heap = mmap((void *)HEAP_ADDRESS, HEAP_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (heap != (void *)HEAP_ADDRESS) return NULL;
        used = sizeof(struct head);
    }
    size = (size + 15) & ~(size_t)15;
    if (size > HEAP_SIZE - used - 32) return NULL;
    char *block = take_free_block(size);
    if (block) return block;
    block = (char *)HEAP_ADDRESS + ((used + 15) & ~(size_t)15) + 16;
    ((size_t *)block)[-1] = size;
    used = block + size - (char *)HEAP_ADDRESS;
    return block;
}

void heap_end_rest(void) {
    HEAD->rest = used = (used + PART_ALIGNMENT - 1) & -PART_ALIGNMENT;
    free_blocks = NULL;
}

void heap_free(void *pointer) {
    if ((uintptr_t)pointer < HEAP_ADDRESS + HEAD->rest) return; /* nothing else may lie there */
    struct block *block = memset(pointer, 0, heap_size_of(pointer));
    block->next = free_blocks;
    free_blocks = block;
}

void heap_restore_rest(void) {}

int heap_save(const char *file, const struct heap_roots *roots) {
    FILE *out = fopen(file, "wb");
    if (!out) return 0;
    HEAD->used = used;
    HEAD->roots = *roots;
    return fwrite(HEAD, used, 1, out) == 1 && fclose(out) == 0;
}

#else

extern uint8_t heap_image[], heap_image_end[]; /* whole pages, which are copied when they are written to */
extern const uint32_t heap_pointers[], heap_pointers_end[]; /* places of addresses of the program in the heap, in words */
extern const uintptr_t heap_targets[];                      /* these addresses */

static void fill_in(size_t from, size_t to) {
    uintptr_t *heap = (uintptr_t *)HEAP_ADDRESS;
    for (size_t i = 0; heap_pointers + i < heap_pointers_end; i++)
        if (heap_pointers[i] >= from / 8 && heap_pointers[i] < to / 8) heap[heap_pointers[i]] = heap_targets[i];
}

const struct heap_roots *heap_restore(void) {
    size_t size = heap_image_end - heap_image;
    void *heap = mremap(heap_image, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)HEAP_ADDRESS);
    if (heap != (void *)HEAP_ADDRESS) return NULL;
    fill_in(HEAD->rest, size);
    return &HEAD->roots;
}

void heap_restore_rest(void) {
    static int is_restored;
    if (!is_restored) fill_in(0, HEAD->rest);
    is_restored = 1;
}

#endif
