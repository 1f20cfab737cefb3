/* Copyright (c) 2026, daas.https contributors
 * GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The yardstick of tests/bench_tls.py: the least that OpenSSL costs. Blocking sockets, a few threads, one SSL_CTX for all. Every look is
 * a full handshake that verifies the chain, takes the leaf's two fingerprints and says goodbye, as the collection's own prober does.
 *
 *   cc -O2 -pthread -o tlsclient tlsclient.c -lssl -lcrypto
 *   tlsclient CA-FILE ENDPOINTS COUNT [THREADS]
 *
 * ENDPOINTS: a file with "ADDRESS PORT NAME" (IPv4) a line; COUNT: how many of them to look at. All lines are read even if COUNT is 0, so
 * that such a run is the start-up of the others. It prints what came of it as JSON; who wants to know what it cost asks the system.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define MOST_THREADS 256
#define PATIENCE 20 /* seconds for one answer */

struct endpoint {
    struct sockaddr_in place;
    char name[256];
};

struct looks {
    int ok, failed;
};

static SSL_CTX *context;
static struct endpoint *endpoints;
static int count, next;

static void die(const char *what)
{
    fprintf(stderr, "tlsclient: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(2);
}

static SSL_CTX *make_context(const char *ca_file)
{
    static const unsigned char protocols[] = "\x02h2\x08http/1.1";
    SSL_CTX *made = SSL_CTX_new(TLS_client_method());

    if (made == NULL || SSL_CTX_load_verify_locations(made, ca_file, NULL) != 1)
        die("the CA file cannot be used");
    SSL_CTX_set_verify(made, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_set_alpn_protos(made, protocols, sizeof protocols - 1) != 0)
        die("ALPN cannot be offered");
    return made;
}

static int read_endpoints(const char *path)
{
    int known = 0, room = 0, port;
    char address[64], name[256];
    FILE *file = fopen(path, "r");

    if (file == NULL)
        die("the file of endpoints cannot be read");
    while (fscanf(file, "%63s %d %255s", address, &port, name) == 3) {
        if (known == room) {
            room = room ? 2 * room : 1024;
            endpoints = realloc(endpoints, room * sizeof *endpoints);
            if (endpoints == NULL)
                die("no memory");
        }
        memset(&endpoints[known], 0, sizeof *endpoints);
        endpoints[known].place.sin_family = AF_INET;
        endpoints[known].place.sin_port = htons(port);
        if (inet_pton(AF_INET, address, &endpoints[known].place.sin_addr) != 1)
            die("an address is not one of IPv4");
        strcpy(endpoints[known++].name, name);
    }
    fclose(file);
    return known;
}

/* A handshake over a connected socket; whether it succeeded. */
static int handshake(int sock, const struct endpoint *endpoint)
{
    unsigned char sha256[32], sha1[20];
    unsigned int size;
    X509 *leaf;
    SSL *ssl = SSL_new(context);
    int good = ssl != NULL && SSL_set_tlsext_host_name(ssl, endpoint->name) == 1 && SSL_set_fd(ssl, sock) == 1
        && SSL_connect(ssl) == 1 && SSL_get_verify_result(ssl) == X509_V_OK;

    if (good) {
        leaf = SSL_get1_peer_certificate(ssl);
        good = X509_digest(leaf, EVP_sha256(), sha256, &size) == 1 && X509_digest(leaf, EVP_sha1(), sha1, &size) == 1;
        X509_free(leaf);
        SSL_shutdown(ssl); /* sends close_notify; the server's is not waited for */
    }
    SSL_free(ssl);
    ERR_clear_error();
    return good;
}

static int look(const struct endpoint *endpoint)
{
    struct timeval patience = {PATIENCE, 0};
    int good, sock = socket(AF_INET, SOCK_STREAM, 0);

    if (sock < 0)
        return 0;
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    good = connect(sock, (const struct sockaddr *)&endpoint->place, sizeof endpoint->place) == 0 && handshake(sock, endpoint);
    close(sock);
    return good;
}

static void *work(void *result)
{
    struct looks *looks = result;
    int number;

    while ((number = __atomic_fetch_add(&next, 1, __ATOMIC_SEQ_CST)) < count) {
        if (look(&endpoints[number]))
            looks->ok++;
        else
            looks->failed++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct looks looks[MOST_THREADS] = {{0, 0}};
    pthread_t ids[MOST_THREADS];
    int number, ok = 0, failed = 0, known, threads = argc > 4 ? atoi(argv[4]) : 8;

    if (argc < 4 || threads < 1 || threads > MOST_THREADS)
        die("usage: tlsclient CA-FILE ENDPOINTS COUNT [THREADS]");
    signal(SIGPIPE, SIG_IGN); /* a server may be gone before the goodbye */
    context = make_context(argv[1]);
    known = read_endpoints(argv[2]);
    count = atoi(argv[3]);
    if (count > known)
        die("there are not so many endpoints");
    for (number = 0; number < threads; number++)
        if (pthread_create(&ids[number], NULL, work, &looks[number]) != 0)
            die("no thread");
    for (number = 0; number < threads; number++) {
        pthread_join(ids[number], NULL);
        ok += looks[number].ok;
        failed += looks[number].failed;
    }
    SSL_CTX_free(context);
    free(endpoints);
    printf("{\"ok\": %d, \"failed\": %d}\n", ok, failed);
    return failed != 0;
}
