// handover_socket.h: bytes and descriptors over a Unix socket: sendmsg(2) and recvmsg(2) with SCM_RIGHTS. Relies on
// inherited.h for what descriptors are handed over in; knows nothing of what is sent.
//
// A control message is a length (u64, the header with it), a level and a type (i32 each), then its data; the next one
// starts at a multiple of 8. That is the kernel's form on every 64-bit little-endian machine.

#ifndef SHMRECORD_HANDOVER_SOCKET_H
#define SHMRECORD_HANDOVER_SOCKET_H

#include "inherited.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

// Bytes of a control message before its data.
#define SHMREC_CONTROL_HEADER 16
// Room for control messages: two descriptors, what a socket may be set up to tell besides, and some descriptors too
// many. The kernel closes those for which there is no room.
#define SHMREC_CONTROL_BYTES 256
// The type of the one that carries descriptors; <sys/socket.h> hides the name in some modes.
#define SHMREC_SCM_RIGHTS 1
// The type of the one with the sender's pidfd, which a socket may be set up to tell (SO_PASSPIDFD, Linux 6.5).
#define SHMREC_SCM_PIDFD 4

// What came.
typedef struct shmrec_received {
    shmrec_handed handed; // the first two descriptors
    size_t bytes;
    unsigned came;  // descriptors: those beyond two are closed already
    bool is_cut;    // the message was longer than there was room for
    bool lacks_fds; // more descriptors were sent than came
    uint8_t reserved[2];
} shmrec_received;

static inline void shmrec_socket_message(struct msghdr *message, struct iovec *part, unsigned char *control,
                                         size_t control_bytes) {
    memset(message, 0, sizeof *message);
    message->msg_iov = part;
    message->msg_iovlen = 1;
    message->msg_control = control;
    message->msg_controllen = control_bytes;
}

// Sends these bytes and, with the first of them, these descriptors. How many bytes went, or -1 with errno.
static inline ssize_t shmrec_socket_send(int socket, unsigned char *bytes, size_t length, const shmrec_handed *handed) {
    SHMREC_ALIGNAS(8) unsigned char control[SHMREC_CONTROL_BYTES];
    struct msghdr message;
    struct iovec part;
    const size_t data = handed->count * sizeof handed->fds[0];
    memset(control, 0, sizeof control);
    shmrec_put_u64(control, 0, SHMREC_CONTROL_HEADER + data);
    shmrec_put_u32(control, 8, SOL_SOCKET);
    shmrec_put_u32(control, 12, SHMREC_SCM_RIGHTS);
    memcpy(control + SHMREC_CONTROL_HEADER, handed->fds, data);
    part.iov_base = bytes;
    part.iov_len = length;
    shmrec_socket_message(&message, &part, control, (SHMREC_CONTROL_HEADER + data + 7) / 8 * 8);
    ssize_t sent;
    SHMREC_RETRY(sent, sendmsg(socket, &message, MSG_NOSIGNAL));
    return sent;
}

// poll(2): 1 when there is something to receive, an end or an error too; 0 when there is nothing until the deadline; -1
// with errno.
static inline int shmrec_socket_wait(int socket, uint64_t deadline_ns) {
    struct pollfd asked;
    asked.fd = socket;
    asked.events = POLLIN;
    asked.revents = 0;
    for (;;) {
        const uint64_t now = shmrec_monotonic_ns();
        const uint64_t left_ns = now < deadline_ns ? deadline_ns - now : 0;
        // Rounded up, so that the last wait does not end before the deadline.
        const uint64_t left_ms = left_ns / 1000000 + (left_ns % 1000000 != 0 ? 1 : 0);
        const int ready = poll(&asked, 1, left_ms < INT32_MAX ? SHMREC_CAST(int, left_ms) : INT32_MAX);
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            return ready;
        }
        if (left_ns == 0) {
            return 0;
        }
    }
}

// Takes the descriptors in these control messages, which the kernel wrote for a message just received.
static inline void shmrec_socket_take(shmrec_received *received, const unsigned char *control, size_t bytes) {
    for (size_t at = 0; bytes - at >= SHMREC_CONTROL_HEADER;) {
        size_t length = shmrec_u64_at(control, at);
        length = length < SHMREC_CONTROL_HEADER ? SHMREC_CONTROL_HEADER : length > bytes - at ? bytes - at : length;
        const bool socket = shmrec_u32_at(control, at + 8) == SOL_SOCKET;
        const bool rights = socket && shmrec_u32_at(control, at + 12) == SHMREC_SCM_RIGHTS;
        const bool pidfd = socket && shmrec_u32_at(control, at + 12) == SHMREC_SCM_PIDFD; // nobody asked here
        for (size_t next = at + SHMREC_CONTROL_HEADER; (rights || pidfd) && next + sizeof(int) <= at + length;
             next += sizeof(int)) {
            int fd;
            memcpy(&fd, control + next, sizeof fd);
            received->came += rights ? 1 : 0;
            if (rights && received->handed.count < 2) {
                received->handed.fds[received->handed.count++] = fd;
            } else if (fd >= 0) {
                (void)close(fd);
            }
        }
        const size_t step = (length + 7) / 8 * 8;
        at += step < bytes - at ? step : bytes - at;
    }
}

// Waits for bytes until the deadline, and takes the descriptors that come with them. 1: something came; 0: nothing did;
// -1 with errno.
static inline int shmrec_socket_receive(int socket, unsigned char *bytes, size_t room, shmrec_received *received,
                                        uint64_t deadline_ns) {
    SHMREC_ALIGNAS(8) unsigned char control[SHMREC_CONTROL_BYTES];
    struct msghdr message;
    struct iovec part;
    memset(received, 0, sizeof *received);
    for (;;) {
        const int ready = shmrec_socket_wait(socket, deadline_ns);
        if (ready <= 0) {
            return ready;
        }
        memset(control, 0, sizeof control);
        part.iov_base = bytes;
        part.iov_len = room;
        shmrec_socket_message(&message, &part, control, sizeof control);
        ssize_t got;
        SHMREC_RETRY(got, recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
        if (got >= 0) {
            received->bytes = SHMREC_CAST(size_t, got);
            received->is_cut = (message.msg_flags & MSG_TRUNC) != 0;
            received->lacks_fds = (message.msg_flags & MSG_CTRUNC) != 0;
            shmrec_socket_take(received, control, message.msg_controllen);
            return 1;
        }
        if (errno != EAGAIN) { // somebody else took it
            return -1;
        }
    }
}

#endif
