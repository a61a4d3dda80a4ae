// fork.c: a child has no use of its parent's writer and all of its readers, takes nothing away, and keeps no role alive.

#include "common.h"

#include <sched.h>
#include <sys/prctl.h>

static void no_change(md_page *page, void *context) {
    (void)page;
    (void)context;
}

// Everything that a child may ask of its parent's writer.
static void use_a_parents_writer(md_page_writer *writer) {
    const md_page page = page_of(2);
    md_page_batch batch;
    shmrec_facts facts;
    uint64_t number;
    int status;
    CHECK(md_page_write(writer, 0, &page, &error) == SHMREC_FORKED_HANDLE && error.code == SHMREC_FORKED_HANDLE);
    CHECK(md_page_batch_begin(writer, &batch, &error) == SHMREC_FORKED_HANDLE);
    CHECK(md_page_batch_set(&batch, 0, &page, &error) == SHMREC_BAD_ARGUMENT);
    md_page_batch_abandon(&batch);
    CHECK(shmrec_table_status(&writer->table, &status, &error) == SHMREC_FORKED_HANDLE);
    CHECK(status == SHMREC_STATUS_UNKNOWN);
    CHECK(shmrec_table_sync(&writer->table, &error) == SHMREC_FORKED_HANDLE);
    CHECK(shmrec_table_epoch(&writer->table) == 0 && shmrec_table_capacity(&writer->table) == 4);
    CHECK(shmrec_table_facts(&writer->table, &facts, &error) == SHMREC_OK && facts.bytes > 0);
    CHECK(shmrec_table_beat(&writer->table, &error) == SHMREC_FORKED_HANDLE);
    CHECK(shmrec_table_age_ns(&writer->table, &number, &error) == SHMREC_FORKED_HANDLE && number == UINT64_MAX);
    CHECK(shmrec_table_changes(&writer->table, &number, &error) == SHMREC_FORKED_HANDLE);
    CHECK(shmrec_table_wait(&writer->table, 0, 0, &number, &error) == SHMREC_FORKED_HANDLE);
    CHECK(md_page_update(writer, 0, no_change, NULL, &error) == SHMREC_FORKED_HANDLE);
    // As when `change` has forked: the update began in the parent.
    CHECK(shmrec_table_update_end(&writer->table, 0, page.words, 64, false, &error) == SHMREC_FORKED_HANDLE);
    CHECK(md_page_lock(writer, &error) == SHMREC_FORKED_HANDLE);
}

static void a_childs_view(const char *address) {
    md_page_writer writer, own;
    md_page_reader reader;
    md_page page = page_of(1);
    uint64_t version;
    CHECK(md_page_create(&writer, address, 4, NULL, &error) == SHMREC_OK);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_OK);
    CHECK(md_page_open(&reader, address, NULL, &error) == SHMREC_OK);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        use_a_parents_writer(&writer);
        CHECK(md_page_read(&reader, 0, &page, &version, &error) == SHMREC_OK && version == 1 && page.words[0] == 1);
        CHECK(md_page_open_writer(&own, address, NULL, &error) == SHMREC_WRITER_ALIVE && error.pid == getppid());
        // The numbers of what was closed belong to whoever opens something next.
        const int guards[2] = {writer.table.guard.handle, dup(0)};
        md_page_close_writer(&writer);
        CHECK(fcntl(guards[1], F_GETFD) >= 0);
        md_page_close(&reader);
        CHECK(md_page_open_writer(&own, address, NULL, &error) == SHMREC_WRITER_ALIVE);
        CHECK(!is_file(address) || guards[0] >= 0);
        _exit(0);
    }
    CHECK(child_succeeded(child));
    page = page_of(2);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_OK);
    CHECK(md_page_read(&reader, 0, &page, &version, &error) == SHMREC_OK && version == 2 && page.words[0] == 2);
    md_page_close(&reader);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

// A batch that is being filled while the process forks stays the parent's.
static void in_the_midst_of_a_batch(const char *address) {
    md_page_writer writer;
    md_page_batch batch;
    const md_page page = page_of(1);
    CHECK(md_page_create(&writer, address, 4, NULL, &error) == SHMREC_OK);
    CHECK(md_page_batch_begin(&writer, &batch, &error) == SHMREC_OK);
    CHECK(md_page_batch_set(&batch, 0, &page, &error) == SHMREC_OK);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(md_page_batch_set(&batch, 1, &page, &error) == SHMREC_FORKED_HANDLE);
        CHECK(md_page_batch_commit(&batch, &error) == SHMREC_FORKED_HANDLE);
        md_page_batch_abandon(&batch);
        _exit(0);
    }
    CHECK(child_succeeded(child));
    CHECK(md_page_batch_commit(&batch, &error) == SHMREC_OK);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

static void lock_registry(void) {
    shmrec_task task;
    memset(&task, 0, sizeof task);
    task.operation = "test";
    task.subject = "the memfds";
    task.error = &error;
    CHECK(shmrec_registry_lock(&task) == SHMREC_OK);
}

// A thread that the child has not is at the memfds of this process.
static void beside_a_holder_of_the_registry(void) {
    const char *const inherited = "memfd:fork-inherited", *const made = "memfd:fork-made";
    md_page_writer writer, own;
    md_page_reader reader;
    md_page page = page_of(1);
    uint64_t version;
    CHECK(md_page_create(&writer, inherited, 4, NULL, &error) == SHMREC_OK);
    CHECK(md_page_write(&writer, 0, &page, &error) == SHMREC_OK);
    lock_registry();
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)alarm(60);
        CHECK(md_page_open(&reader, inherited, NULL, &error) == SHMREC_OK);
        CHECK(md_page_read(&reader, 0, &page, &version, &error) == SHMREC_OK && version == 1);
        CHECK(md_page_create(&own, made, 4, NULL, &error) == SHMREC_OK);
        md_page_close_writer(&own);
        CHECK(shmrec_remove(made, NULL, &error) == SHMREC_OK);
        _exit(0);
    }
    shmrec_registry_unlock();
    CHECK(child_succeeded(child));
    CHECK(md_page_open(&reader, inherited, NULL, &error) == SHMREC_OK);
    md_page_close(&reader);
    md_page_close_writer(&writer);
    CHECK(shmrec_remove(inherited, NULL, &error) == SHMREC_OK);
}

// A memfd that is listed under this name.
static int list_memfd(const char *name) {
    shmrec_identity identity;
    const int fd = memfd_create(name, MFD_CLOEXEC);
    CHECK(fd > 2 && shmrec_identity_of(fd, &identity) && shmrec_registry_put(name, fd, identity));
    return fd;
}

// A thread that the child has not is taking in what this process was started with: the child has the descriptor as it was
// left, and the entry.
static void in_the_midst_of_taking_in(void) {
    char text[128];
    shmrec_identity identity;
    lock_registry();
    const int fd = list_memfd("fork-left");
    CHECK(shmrec_identity_of(fd, &identity) && fcntl(fd, F_SETFD, 0) == 0);
    CHECK(snprintf(text, sizeof text, "%d:%llu:%llu=fork-left", fd, (unsigned long long)identity.device,
                   (unsigned long long)identity.inode) > 0);
    CHECK(setenv(SHMREC_MEMFD_VARIABLE, text, 1) == 0);
    shmrec_the_registry.opened = false;
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        lock_registry();
        CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
        CHECK(shmrec_registry_drop("fork-left") && !shmrec_registry_drop("fork-left"));
        _exit(0);
    }
    shmrec_the_registry.opened = true;
    CHECK(shmrec_registry_drop("fork-left") && unsetenv(SHMREC_MEMFD_VARIABLE) == 0);
    shmrec_registry_unlock();
    CHECK(child_succeeded(child));
}

// A thread that the child has not has listed what was handed over, and not yet closed what had the names.
static void in_the_midst_of_replacing(void) {
    static const char *const names[2] = {"fork-pair.guard", "fork-pair"};
    int older[2], newer[2];
    lock_registry();
    for (unsigned i = 0; i < 2; i++) {
        older[i] = list_memfd(names[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        newer[i] = list_memfd(names[i]);
    }
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        lock_registry();
        for (unsigned i = 0; i < 2; i++) {
            CHECK((*shmrec_registry_at(names[i]))->fd == newer[i] && fcntl(older[i], F_GETFD) < 0);
        }
        CHECK(shmrec_registry_drop_both(names[1]) && !shmrec_registry_drop_both(names[1]));
        CHECK(!shmrec_registry_drop(names[0]));
        _exit(0);
    }
    // What comes without a guard leaves none.
    shmrec_handed handed;
    memset(&handed, 0, sizeof handed);
    handed.count = 1;
    handed.fds[0] = memfd_create("fork-pair", MFD_CLOEXEC);
    CHECK(shmrec_identity_of(handed.fds[0], &handed.identities[0]));
    CHECK(shmrec_registry_drop_both(names[1]) && shmrec_registry_put_both(names[1], &handed));
    CHECK(*shmrec_registry_at(names[0]) == NULL && shmrec_registry_drop(names[1]) && !shmrec_registry_drop(names[1]));
    shmrec_registry_unlock();
    CHECK(child_succeeded(child));
}

// A child that has its parent's number, each in a PID namespace of its own, where this user may make one.
static void under_the_same_number(void) {
    const pid_t outside = fork();
    CHECK(outside >= 0);
    if (outside != 0) {
        CHECK(child_succeeded(outside));
        return;
    }
    (void)alarm(60);
    if (unshare(CLONE_NEWPID) != 0) {
        CHECK(errno == EPERM);
        _exit(0);
    }
    const pid_t parent = fork();
    CHECK(parent >= 0);
    if (parent != 0) {
        _exit(child_succeeded(parent) ? 0 : 1);
    }
    // With it goes all of its namespace, which no signal of its own could end.
    CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getpid() == 1);
    lock_registry();
    CHECK(unshare(CLONE_NEWPID) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(getpid() == 1);
        lock_registry();
        _exit(0);
    }
    _exit(child_succeeded(child) ? 0 : 1);
}

// A writer that forks and is killed: its child goes on, and the next one takes over at once.
static void a_dead_parent(const char *address) {
    md_page_writer next;
    int ready[2], over[2];
    char byte;
    CHECK(pipe(ready) == 0 && pipe(over) == 0);
    const pid_t parent = fork();
    CHECK(parent >= 0);
    if (parent == 0) {
        md_page_writer writer;
        (void)close(over[1]);
        CHECK(md_page_create(&writer, address, 4, NULL, &error) == SHMREC_OK);
        if (fork() == 0) {
            CHECK(write(ready[1], "r", 1) == 1 && read(over[0], &byte, 1) == 0);
            // By now the role is another's: a handle that is closed here takes nothing from it.
            md_page_close_writer(&writer);
            CHECK(write(ready[1], "c", 1) == 1);
            _exit(0);
        }
        (void)close(ready[1]);
        for (;;) {
            pause();
        }
    }
    // So that the pipe ends with whoever is to write to it, should it fail.
    (void)close(ready[1]);
    CHECK(read(ready[0], &byte, 1) == 1);
    CHECK(md_page_open_writer(&next, address, NULL, &error) == SHMREC_WRITER_ALIVE && error.pid == parent);
    end(parent);
    CHECK(md_page_open_writer(&next, address, NULL, &error) == SHMREC_OK && shmrec_table_epoch(&next.table) == 2);
    (void)close(over[0]);
    (void)close(over[1]);
    CHECK(read(ready[0], &byte, 1) == 1 && byte == 'c');
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        md_page_writer own;
        CHECK(md_page_open_writer(&own, address, NULL, &error) == SHMREC_WRITER_ALIVE);
        _exit(0);
    }
    CHECK(child_succeeded(child));
    (void)close(ready[0]);
    md_page_close_writer(&next);
    CHECK(shmrec_remove(address, NULL, &error) == SHMREC_OK);
}

int main(int argc, char **argv) {
    const char *base = base_address(argc, argv);
    a_childs_view(base);
    in_the_midst_of_a_batch(base);
    beside_a_holder_of_the_registry();
    in_the_midst_of_taking_in();
    in_the_midst_of_replacing();
    under_the_same_number();
    a_dead_parent(base);
    printf("ok: children read, write nothing and hold nothing\n");
    return 0;
}
