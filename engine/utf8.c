#include "utf8.h"
#include <string.h>

size_t utf8_sequence(const uint8_t *data, size_t size, int *valid) {
    uint8_t first = data[0];
    *valid = 1;
    if (first < 0x80) return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    /* The second byte has a smaller range after some first bytes: overlong forms, surrogates, above U+10FFFF. */
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    *valid = 0;
    if (first < 0xc2 || first > 0xf4) return 1;
    for (size_t i = 1; i < length; i++) {
        if (i >= size || data[i] < low || data[i] > high) return i;
        low = 0x80, high = 0xbf;
    }
    *valid = 1;
    return length;
}

size_t utf8_valid_prefix(const uint8_t *data, size_t size) {
    size_t at = 0;
    while (at < size) {
        uint64_t word;
        if (at + sizeof word <= size && (memcpy(&word, data + at, sizeof word), !(word & 0x8080808080808080))) {
            at += sizeof word;
            continue;
        }
        int valid;
        size_t length = utf8_sequence(data + at, size - at, &valid);
        if (!valid) break;
        at += length;
    }
    return at;
}
