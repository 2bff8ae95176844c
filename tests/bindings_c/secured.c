/* Two endpoints peer by TLS, which one without certificate cannot; and a WebSocket client, who is
 * told the port by standard output, must know a token. The arguments are the files of a
 * certificate, its key, and the authority of both. */
#include "check.h"

static ostler_broker_endpoint *secured(char **files) {
    ostler_broker_options *options = ostler_broker_options_make();
    ostler_broker_endpoint *made;
    ostler_broker_tls tls;
    memset(&tls, 0, sizeof tls);
    tls.certificate.bytes = files[1];
    tls.certificate.length = strlen(files[1]);
    tls.key.bytes = files[2];
    tls.key.length = strlen(files[2]);
    tls.cafile.bytes = files[3];
    tls.cafile.length = strlen(files[3]);
    OK(ostler_broker_options_set_tls(options, &tls));
    OK(ostler_broker_options_set_web_socket_tls(options, &tls));
    made = ostler_broker_endpoint_make(options);
    CHECK(made != NULL);
    ostler_broker_options_free(&options);
    return made;
}

int main(int argc, char **argv) {
    ostler_broker_endpoint *first, *second, *plain = endpoint();
    ostler_broker_subscriber *reader, *web = subscriber(plain, "/web");
    ostler_broker_text origins[] = {{LITERAL("https://example.org")}};
    uint16_t port = 0;
    CHECK(argc == 4);
    first = secured(argv);
    second = secured(argv);
    reader = subscriber(first, "/c");
    OK(ostler_broker_endpoint_listen(first, LITERAL("localhost"), 0, &port));
    OK(ostler_broker_endpoint_peer(second, LITERAL("localhost"), port, OSTLER_BROKER_NO_RETRY, SOON,
                                   NULL));
    publish(second, "/c", "secret");
    receives(reader, "/c", "secret");
    CHECK(ostler_broker_endpoint_peer(plain, LITERAL("localhost"), port, OSTLER_BROKER_NO_RETRY,
                                      SOON, NULL) != 0);

    /* Without TLS, for a client that has none. */
    OK(ostler_broker_endpoint_web_socket_listen(plain, LITERAL("127.0.0.1"), 0, origins, 1,
                                                LITERAL("knows"), &port));
    printf("%u\n", (unsigned int)port);
    fflush(stdout);
    receives(web, "/web/1", "7");
    ostler_broker_subscriber_free(&web);
    ostler_broker_subscriber_free(&reader);
    ostler_broker_endpoint_free(&first);
    ostler_broker_endpoint_free(&second);
    ostler_broker_endpoint_free(&plain);
    return 0;
}
