// handover.h: memfds for other processes. Relies on region_memfd.h for what this process holds, on handover_message.h
// for the bytes and handover_socket.h for the descriptors that go over a Unix socket; knows no record.
//
// memfd:NAME counts in one process. Another one, in C or in Rust, can use the table once it has been given it, under
// the same name: by its parent, when it is started, or over a Unix socket, at any time.
//
//     shmrec_handover_send(socket, "memfd:quotes", SHMREC_SHARE_READER, &error);
//
//     char address[SHMREC_HANDOVER_ADDRESS]; // another process
//     if (shmrec_handover_receive(socket, 1000000000, address, sizeof address, &error) == SHMREC_OK)
//         md_quote_open(&reader, address, NULL, &error);

#ifndef SHMRECORD_HANDOVER_H
#define SHMRECORD_HANDOVER_H

#include "handover_message.h"
#include "handover_socket.h"
#include "region_memfd.h"

// What another process is given.
enum shmrec_share {
    // To read: the segment through a descriptor that is for reading only. Who has it needs no permission on the
    // segment's mode; only a process that the mode lets write could open it again for writing.
    SHMREC_SHARE_READER = 0,
    // To read, and to take the role of writer when it is free: the segment and its guard.
    SHMREC_SHARE_WRITER = 1
};

// Bytes of the longest address of a memfd, and its NUL.
#define SHMREC_HANDOVER_ADDRESS 256

// Parses an address that must be a memfd's. On success the caller frees it.
static inline int shmrec_handover_parse(shmrec_address *parsed, shmrec_task *task, const char *operation,
                                        const char *address, shmrec_error *error) {
    memset(task, 0, sizeof *task);
    const int code = shmrec_address_parse(parsed, address, error);
    if (code != SHMREC_OK) {
        return code;
    }
    task->operation = operation;
    task->subject = parsed->text;
    task->error = error;
    if (parsed->is_memfd) {
        return SHMREC_OK;
    }
    (void)shmrec_fail(task, SHMREC_BAD_ARGUMENT, 0,
                      "bad address: only a memfd is handed over, others are found by their name");
    shmrec_address_free(parsed);
    return SHMREC_BAD_ARGUMENT;
}

// The descriptors of a share: the segment and, for a writer, its guard, if there is one: another program's memfd has
// none. On failure nothing is open.
static inline int shmrec_handover_duplicates(shmrec_handed *handed, const shmrec_address *address, int share,
                                             const shmrec_task *task) {
    bool writable = false;
    memset(handed, 0, sizeof *handed);
    int code = shmrec_memfd_held(&handed->fds[0], shmrec_memfd_name(address->path), task);
    if (code != SHMREC_OK) {
        return code;
    }
    handed->count = 1;
    code = shmrec_memfd_writable(handed->fds[0], &writable, task);
    if (code == SHMREC_OK && share != SHMREC_SHARE_WRITER && writable) {
        code = shmrec_memfd_reopen(&handed->fds[0], false, task);
        handed->count = code == SHMREC_OK ? 1 : 0;
    } else if (code == SHMREC_OK && share == SHMREC_SHARE_WRITER && !writable) {
        code = shmrec_fail(task, SHMREC_PERMISSION_DENIED, 0, "permission denied: it was handed over for reading");
    } else if (code == SHMREC_OK && share == SHMREC_SHARE_WRITER) {
        code = shmrec_memfd_held(&handed->fds[1], shmrec_memfd_name(address->guard), task);
        handed->count = code == SHMREC_OK ? 2 : 1;
        code = code == SHMREC_NOT_FOUND ? SHMREC_OK : code;
    }
    if (code != SHMREC_OK) {
        shmrec_handed_close(handed);
    }
    return code;
}

// sendmsg(2) with SCM_RIGHTS: gives the table at `address` to whoever receives it at the other end of this Unix socket,
// of any type; `share` is an enum shmrec_share. Waits as the socket does; the message is one write of 272 bytes.
// Errors: SHMREC_BAD_ARGUMENT for an address of another kind, SHMREC_NOT_FOUND when this process holds no memfd of this
// name, SHMREC_PERMISSION_DENIED for a writer's share of what it was itself given to read, SHMREC_OS when the socket
// fails.
static inline int shmrec_handover_send(int socket, const char *address, int share, shmrec_error *error) {
    shmrec_address parsed;
    shmrec_task task;
    shmrec_handed handed;
    int code = shmrec_handover_parse(&parsed, &task, "hand over", address, error);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_handover_duplicates(&handed, &parsed, share, &task);
    if (code == SHMREC_OK) {
        unsigned char bytes[SHMREC_MESSAGE_BYTES];
        shmrec_message_encode(bytes, shmrec_memfd_name(parsed.path), handed.count);
        const ssize_t sent = shmrec_socket_send(socket, bytes, sizeof bytes, &handed);
        if (sent < 0) {
            code = shmrec_fail_os(&task, "sendmsg", errno);
        } else if (sent != SHMREC_CAST(ssize_t, sizeof bytes)) {
            code = shmrec_fail(&task, SHMREC_BAD_MESSAGE, 0, "bad message: sendmsg took %zd of %zu bytes", sent,
                               sizeof bytes);
        }
        shmrec_handed_close(&handed);
    }
    shmrec_address_free(&parsed);
    return code != SHMREC_OK ? code : shmrec_done(error);
}

// What came, if it is a table that was sent: its name and as many memfds as were announced. Closes nothing.
static inline int shmrec_handover_check(const unsigned char *bytes, shmrec_received *received,
                                        char name[SHMREC_ENTRY_NAME], const shmrec_task *task) {
    unsigned announced = 0;
    char address[SHMREC_HANDOVER_ADDRESS + 16];
    shmrec_address parsed;
    const char *fault = NULL;
    char words[80];
    if (received->bytes == 0) {
        return shmrec_fail(task, SHMREC_NOT_FOUND, 0, "not found: the other end of the socket is closed");
    }
    fault = shmrec_message_decode(bytes, received->bytes, received->is_cut, name, &announced, words, sizeof words);
    if (fault == NULL) {
        (void)snprintf(address, sizeof address, "%s%s", SHMREC_MEMFD_KIND, name);
        if (shmrec_address_parse(&parsed, address, NULL) != SHMREC_OK) {
            fault = "its name is none that a memfd may have";
        } else {
            shmrec_address_free(&parsed);
        }
    }
    if (fault == NULL && (received->came != announced || received->lacks_fds)) {
        (void)snprintf(words, sizeof words, "%u descriptors came, %u expected", received->came, announced);
        fault = words;
    }
    for (unsigned i = 0; fault == NULL && i < received->handed.count; i++) {
        if (fcntl(received->handed.fds[i], SHMREC_F_GET_SEALS) < 0) {
            fault = "a descriptor that came is no memfd";
        } else if (!shmrec_identity_of(received->handed.fds[i], &received->handed.identities[i])) {
            return shmrec_fail_os(task, "fstat", errno);
        }
    }
    return fault == NULL ? SHMREC_OK : shmrec_fail(task, SHMREC_BAD_MESSAGE, 0, "bad message: %s", fault);
}

// recvmsg(2): waits until `timeout_ns` from now for a table that is sent over this Unix socket, and takes it into this
// process. Writes its address, memfd:NAME, into `address`, which has room for `size` bytes, SHMREC_HANDOVER_ADDRESS at
// least. Has this process that name already, what was there goes: the newest counts. Nothing of the table is looked at:
// opening it does that. When this fails, every descriptor that came is closed. Errors: SHMREC_NOT_READY when nothing
// came, SHMREC_NOT_FOUND when the other end is closed, SHMREC_BAD_MESSAGE for anything but a table that was sent,
// SHMREC_BAD_ARGUMENT for too little room, SHMREC_OS when the socket fails.
static inline int shmrec_handover_receive(int socket, uint64_t timeout_ns, char *address, size_t size,
                                          shmrec_error *error) {
    unsigned char bytes[SHMREC_MESSAGE_BYTES];
    char name[SHMREC_ENTRY_NAME];
    shmrec_received received;
    shmrec_task task;
    memset(&task, 0, sizeof task);
    task.operation = "receive";
    task.subject = "a memfd";
    task.error = error;
    task.deadline_ns = shmrec_deadline_ns(timeout_ns);
    if (size < SHMREC_HANDOVER_ADDRESS) {
        return shmrec_fail(&task, SHMREC_BAD_ARGUMENT, 0, "bad size: %zu bytes, expected %d or more", size,
                           SHMREC_HANDOVER_ADDRESS);
    }
    // What comes may have a number that is listed already: registry.h asks first what is there.
    int code = shmrec_registry_lock(&task);
    if (code != SHMREC_OK) {
        return code;
    }
    shmrec_registry_unlock();
    const int got = shmrec_socket_receive(socket, bytes, sizeof bytes, &received, task.deadline_ns);
    if (got < 0) {
        return shmrec_fail_os(&task, "recvmsg", errno);
    }
    if (got == 0) {
        return shmrec_fail(&task, SHMREC_NOT_READY, 0, "%s: nothing came before the timeout",
                           shmrec_code_text(SHMREC_NOT_READY));
    }
    code = shmrec_handover_check(bytes, &received, name, &task);
    code = code != SHMREC_OK ? code : shmrec_registry_lock(&task);
    if (code != SHMREC_OK) {
        shmrec_handed_close(&received.handed);
        return code;
    }
    const bool put = shmrec_registry_put_both(name, &received.handed);
    shmrec_registry_unlock();
    if (!put) {
        return shmrec_fail_space(&task, "calloc", ENOMEM, 2 * sizeof(shmrec_entry));
    }
    const size_t kind = sizeof SHMREC_MEMFD_KIND - 1;
    memcpy(address, SHMREC_MEMFD_KIND, kind);
    memcpy(address + kind, name, SHMREC_HANDOVER_ADDRESS - kind); // zeros behind it
    return shmrec_done(error);
}

// For a program that is about to become another one: between fork and exec, or in front of exec or posix_spawn. Makes
// duplicates of the descriptors of `address` that survive exec, and adds them to the environment variable
// SHMRECORD_MEMFD of this process. Calls for several tables add up. The duplicates stay until the process ends. It
// allocates: not for the child of a program with threads. Errors: as shmrec_handover_send, but for the socket's.
static inline int shmrec_handover_inherit(const char *address, int share, shmrec_error *error) {
    shmrec_address parsed;
    shmrec_task task;
    shmrec_handed handed;
    int code = shmrec_handover_parse(&parsed, &task, "hand over", address, error);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_handover_duplicates(&handed, &parsed, share, &task);
    if (code == SHMREC_OK) {
        shmrec_handed kept = handed;
        kept.count = 0;
        while (code == SHMREC_OK && kept.count < handed.count) {
            const int fd = fcntl(handed.fds[kept.count], F_DUPFD, 3);
            if (fd < 0) {
                code = shmrec_fail_os(&task, "fcntl(F_DUPFD)", errno);
                break;
            }
            kept.fds[kept.count] = fd;
            if (!shmrec_identity_of(fd, &kept.identities[kept.count])) {
                code = shmrec_fail_os(&task, "fstat", errno);
            }
            kept.count++;
        }
        const int problem = code == SHMREC_OK ? shmrec_leave(shmrec_memfd_name(parsed.path), &kept) : 0;
        if (problem != 0) {
            code = shmrec_fail_os(&task, "setenv", problem);
        }
        if (code != SHMREC_OK) {
            shmrec_handed_close(&kept);
        }
        shmrec_handed_close(&handed);
    }
    shmrec_address_free(&parsed);
    return code != SHMREC_OK ? code : shmrec_done(error);
}

// Closes what this process holds under `address`, whatever it is. Neither the table nor other processes notice; handles
// that are open go on. shmrec_remove is what ends a table. Errors: SHMREC_BAD_ARGUMENT for an address of another kind,
// SHMREC_NOT_FOUND.
static inline int shmrec_handover_forget(const char *address, shmrec_error *error) {
    shmrec_address parsed;
    shmrec_task task;
    int code = shmrec_handover_parse(&parsed, &task, "forget", address, error);
    if (code != SHMREC_OK) {
        return code;
    }
    code = shmrec_registry_lock(&task);
    if (code == SHMREC_OK) {
        const bool dropped = shmrec_registry_drop_both(shmrec_memfd_name(parsed.path));
        shmrec_registry_unlock();
        code = dropped ? SHMREC_OK : shmrec_memfd_absent(&task);
    }
    shmrec_address_free(&parsed);
    return code != SHMREC_OK ? code : shmrec_done(error);
}

#endif
