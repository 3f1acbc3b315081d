#include "connections.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int receive(int connection, void *data, size_t size) {
    return recv(connection, data, size, MSG_WAITALL) == (ssize_t)size;
}

static int read_environment(int connection) {
    uint32_t size;
    if (!receive(connection, &size, sizeof size)) return 0;
    char *entries = calloc(1, (size_t)size + 1);
    if (!entries || (size > 0 && !receive(connection, entries, size))) return 0;
    clearenv();
    for (char *entry = entries; entry < entries + size; entry += strlen(entry) + 1) putenv(entry);
    return 1;
}

void serve_connections(const char *socket_path) {
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
    if (bind(listening, (struct sockaddr *)&address, sizeof address) || listen(listening, 8)) {
        perror(socket_path);
        exit(2);
    }
    printf("listening\n");
    for (;;) {
        fflush(stdout);
        int connection = accept(listening, NULL, NULL);
        if (connection < 0) exit(2);
        pid_t child = fork();
        if (child == 0) {
            dup2(1, 2);
            dup2(connection, 0);
            dup2(connection, 1);
            close(connection);
            close(listening);
            if (!read_environment(0)) _exit(2);
            return;
        }
        close(connection);
        int status;
        if (child < 0 || waitpid(child, &status, 0) != child) exit(2);
        printf("\nended %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
}
