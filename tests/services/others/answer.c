/* Copyright: (c) 2026, the activated.services authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The smallest server that takes a descriptor from systemd: it accepts on descriptor 3, reads
 * one request, answers, closes. One process, one connection at a time.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nC!\n";
    const char *pid = getenv("LISTEN_PID");
    char request[4096];

    if (!pid || atoi(pid) != getpid()) {
        fputs("no descriptor was passed\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int client = accept4(3, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0)
            continue;
        if (read(client, request, sizeof request) > 0 && write(client, answer, strlen(answer)) < 0)
            perror("write");
        close(client);
    }
}
