// handover_message.h: the bytes of a message that hands a memfd over: what its name is, and how many descriptors go
// with it. Relies on describe.h for what text is, and on docs/FORMAT.md, which has the same offsets; knows no socket.

#ifndef SHMRECORD_HANDOVER_MESSAGE_H
#define SHMRECORD_HANDOVER_MESSAGE_H

#include "describe.h"

#include <stdio.h>

// Bytes of a message.
#define SHMREC_MESSAGE_BYTES 272
// The first bytes: what it is, and in which form.
#define SHMREC_MESSAGE_MAGIC "SHMRHND1"
// Where the number of descriptors is: u32. Four zeros follow.
#define SHMREC_MESSAGE_COUNT 8
// Where the name is, with zeros up to the end.
#define SHMREC_MESSAGE_NAME 16
#define SHMREC_MESSAGE_NAME_BYTES 256

// A message for this many descriptors.
static inline void shmrec_message_encode(unsigned char bytes[SHMREC_MESSAGE_BYTES], const char *name, unsigned count) {
    memset(bytes, 0, SHMREC_MESSAGE_BYTES);
    memcpy(bytes, SHMREC_MESSAGE_MAGIC, SHMREC_MESSAGE_COUNT);
    shmrec_put_u32(bytes, SHMREC_MESSAGE_COUNT, count);
    memcpy(bytes + SHMREC_MESSAGE_NAME, name, strlen(name));
}

// Name and number of descriptors in a message of which `length` bytes came, more than there was room for if it
// `is_cut`; or, in `words` or elsewhere, what is wrong with it. A name with a NUL inside is cut to nothing, and so no
// name; it is not checked further.
static inline const char *shmrec_message_decode(const unsigned char bytes[SHMREC_MESSAGE_BYTES], size_t length,
                                                bool is_cut, char name[SHMREC_MESSAGE_NAME_BYTES], unsigned *count,
                                                char *words, size_t room) {
    if (is_cut) {
        (void)snprintf(words, room, "more than %d bytes, %d expected", SHMREC_MESSAGE_BYTES, SHMREC_MESSAGE_BYTES);
        return words;
    }
    if (length != SHMREC_MESSAGE_BYTES) {
        (void)snprintf(words, room, "%zu bytes, %d expected", length, SHMREC_MESSAGE_BYTES);
        return words;
    }
    if (memcmp(bytes, SHMREC_MESSAGE_MAGIC, SHMREC_MESSAGE_COUNT) != 0) {
        return "it does not begin with " SHMREC_MESSAGE_MAGIC;
    }
    *count = shmrec_u32_at(bytes, SHMREC_MESSAGE_COUNT);
    if (*count < 1 || *count > 2 || shmrec_u32_at(bytes, SHMREC_MESSAGE_COUNT + 4) != 0) {
        return "it announces neither one descriptor nor two";
    }
    shmrec_string text;
    text.bytes = bytes + SHMREC_MESSAGE_NAME;
    text.length = SHMREC_MESSAGE_NAME_BYTES;
    while (text.length > 0 && text.bytes[text.length - 1] == 0) {
        text.length--;
    }
    if (!shmrec_is_utf8(text)) {
        return "its name is no UTF-8";
    }
    memset(name, 0, SHMREC_MESSAGE_NAME_BYTES);
    if (text.length < SHMREC_MESSAGE_NAME_BYTES && memchr(text.bytes, 0, text.length) == NULL) {
        memcpy(name, text.bytes, text.length);
    }
    return NULL;
}

#endif
