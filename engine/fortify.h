/*
 * Included before every source: stops the process where one of these functions would write behind an object whose size
 * the compiler knows. Musl has no _FORTIFY_SOURCE of its own.
 */
#pragma once
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FORTIFIED static inline __attribute__((always_inline, unused))

FORTIFIED void check_room(size_t room, size_t size) {
    if (size > room) __builtin_trap();
}

FORTIFIED void *fortified_memcpy(void *target, const void *source, size_t size) {
    check_room(__builtin_dynamic_object_size(target, 0), size);
    return __builtin_memcpy(target, source, size);
}

FORTIFIED void *fortified_memmove(void *target, const void *source, size_t size) {
    check_room(__builtin_dynamic_object_size(target, 0), size);
    return __builtin_memmove(target, source, size);
}

FORTIFIED void *fortified_memset(void *target, int byte, size_t size) {
    check_room(__builtin_dynamic_object_size(target, 0), size);
    return __builtin_memset(target, byte, size);
}

FORTIFIED int fortified_vsnprintf(char *target, size_t size, const char *format, va_list arguments) {
    check_room(__builtin_dynamic_object_size(target, 0), size);
    return __builtin_vsnprintf(target, size, format, arguments);
}

FORTIFIED int fortified_snprintf(char *target, size_t size, const char *format, ...) {
    check_room(__builtin_dynamic_object_size(target, 0), size);
    return __builtin_snprintf(target, size, format, __builtin_va_arg_pack());
}

#undef memcpy
#undef memmove
#undef memset
#define memcpy fortified_memcpy
#define memmove fortified_memmove
#define memset fortified_memset
#define vsnprintf fortified_vsnprintf
#define snprintf fortified_snprintf
