/* Preloaded: the DENIED_THREAD-th thread of this process is denied, as by a limit of the system, and then
 * there is the file DENIED_TOLD. What the process starts is left alone, but not what it executes in its
 * own place. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int started;
static int denied;
static char told[4096];

__attribute__((constructor)) static void begin(void)
{
    const char *number = getenv("DENIED_THREAD");
    const char *path = getenv("DENIED_TOLD");
    char own[32];

    snprintf(own, sizeof own, "%ld", (long)getpid());
    setenv("DENIED_PROCESS", own, 0);
    if (strcmp(getenv("DENIED_PROCESS"), own) == 0 && number && path && strlen(path) < sizeof told) {
        denied = atoi(number);
        strcpy(told, path);
    }
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    void *found = dlsym(RTLD_NEXT, "pthread_create");

    if (atomic_fetch_add(&started, 1) + 1 == denied) {
        if (close(open(told, O_WRONLY | O_CREAT, 0600)) < 0)
            _exit(1);
        return EAGAIN;
    }
    memcpy(&real, &found, sizeof real);
    return real(thread, attributes, body, argument);
}
