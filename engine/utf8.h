/* UTF-8 as Encoding Standard and src/go/text.ts read it. */
#include <stddef.h>
#include <stdint.h>

/* Bytes before the first one that is not part of valid UTF-8. */
size_t utf8_valid_prefix(const uint8_t *data, size_t size);

/*
 * Bytes of the sequence at the start of data, which must not be empty: a valid one, or the longest start of one that is
 * replaced as a whole.
 */
size_t utf8_sequence(const uint8_t *data, size_t size, int *valid);
