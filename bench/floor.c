/*
 * The floor of bench/compare: the least that a mail server must do, and nothing else.
 *
 *     floor deliver PORT FOLDER               each message goes into FOLDER/Maildir
 *     floor relay PORT FOLDER HOST HOST-PORT  each message goes on to HOST (an IPv4 address), over kept connections
 *
 * It holds the same dialogue as Carteiro on 127.0.0.1:PORT and promises the same:
 *
 *     1. 250 is said when the message and its envelope are in the log, FOLDER/log, and a fdatasync that began afterwards has ended.
 *        Whoever waits for the log shares one write and one fdatasync (group commit).
 *     2. A delivery is a file written in tmp/, synced, renamed into new/, and a sync of new/, one for all that wait for it.
 *     3. That a delivery is done is written to the log, without a sync: a crash may deliver twice, never lose.
 *
 * What it leaves out is what a server is: whose the address is, who may relay, limits, retries, bounces, users, TLS, events,
 * checksums, and reading the log again. Whatever goes wrong ends it with a line on standard error, so that no round is measured of
 * a floor that does less. Needs Linux, a C11 compiler, and nothing besides.
 *
 * One thread at a time holds all dialogues. When messages are whole it lets go of them, to write and sync the log and to answer;
 * another takes them on meanwhile. Deliveries have threads of their own. Nobody is woken for a sync: whoever finds one running
 * leaves his message or his delivery to it, for the next one, and goes on.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define DIALOGUES 3                    /* threads for them: one reads, one may sync, one may come from there */
#define DELIVERIES 100                 /* at once, as many as bench/compare lets all others have; fewer share fewer syncs */
#define INPUT (64 << 10)               /* octets read at once; also the longest line */
#define MESSAGE_LIMIT (50 << 20)       /* octets */
#define ENVELOPE_LIMIT (1 << 20)       /* octets */
#define MOST_WAITING (64 << 20)        /* octets of messages in memory; while there are more, no 250 is said */
#define LOG_SIZE (256 << 20)           /* octets; far more than can wait, so that what is overwritten was delivered */
#define DONE_WITHIN 100                /* milliseconds until the log says so, if no message comes to write it with */
#define MESSAGES_A_CONNECTION 100      /* to the next hop, as Carteiro's */
#define KEPT_SECONDS 10                /* a connection to the next hop that is not used, as Carteiro's */

static int folder;                     /* where everything is */
static char host[64];                  /* what names in the Maildir end in */
static struct sockaddr_in next_hop;
static bool relays;

static _Noreturn void die(const char *what, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, what);
    fputs("floor: ", stderr);
    vfprintf(stderr, what, arguments);
    va_end(arguments);
    fprintf(stderr, "%s%s\n", error ? ": " : "", error ? strerror(error) : "");
    _exit(1);
}

/* ---- Octets that gather */

struct octets {
    char *at;
    size_t length, room;
};

/* Makes room for so many more. */
static char *reserve(struct octets *octets, size_t more)
{
    if (octets->room - octets->length <= more) {
        octets->room = octets->room * 2 > octets->length + more ? octets->room * 2 : octets->length + more + 1;
        octets->at = realloc(octets->at, octets->room);
        if (!octets->at)
            die("memory");
    }
    return octets->at + octets->length;
}

static void add(struct octets *octets, const void *from, size_t length)
{
    memcpy(reserve(octets, length), from, length);
    octets->length += length;
}

/* Writes all of it to a file, at its place or (-1) at its end. The parts are used up. */
static void write_all(int file, struct iovec *parts, int count, off_t place, const char *what)
{
    while (count > 0) {
        int now = count < 1024 ? count : 1024;
        ssize_t written = place < 0 ? writev(file, parts, now) : pwritev(file, parts, now, place);
        if (written < 0)
            die("%s cannot be written", what);
        if (place >= 0)
            place += written;
        for (; count > 0 && (size_t)written >= parts->iov_len; parts++, count--)
            written -= parts->iov_len;
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + written;
            parts->iov_len -= written;
        }
    }
}

/* ---- The log: filled with zeros before it is used, as Carteiro's segments, and used again from its start when it is full */

struct header {
    uint32_t kind, envelope;           /* octets of the envelope */
    uint64_t number, text;             /* octets of the text */
    uint64_t recipient;                /* of a delivery that is done */
};
enum { ACCEPTED = 1, DONE = 2 };

struct message {
    struct message *next;
    struct client *client;             /* who waits for the answer */
    struct header header;
    struct octets envelope;            /* the sender, then the recipients, a 0 behind each */
    struct octets text;                /* lines end in LF */
    int recipients;
    int begun, ended;                  /* deliveries, guarded by the waiting lock */
    const char *recipient;             /* the next to be begun */
};

static void answer(struct message *message);

static int log_file;
static off_t log_end;
static uint64_t numbers;               /* given */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static struct message *log_first, **log_last = &log_first;  /* to be written */
static struct octets done;             /* headers of deliveries, to be written */
static bool log_busy;                  /* somebody writes, and goes on until nothing is left */

static void write_batch(struct message *all, struct octets *ended)
{
    static struct octets parts;        /* of struct iovec */
    parts.length = 0;
    add(&parts, &(struct iovec){ended->at, ended->length}, sizeof(struct iovec));
    size_t total = ended->length;
    for (struct message *each = all; each; each = each->next) {
        each->header = (struct header){ACCEPTED, each->envelope.length, ++numbers, each->text.length, 0};
        struct iovec record[] = {{&each->header, sizeof each->header}, {each->envelope.at, each->envelope.length},
                                 {each->text.at, each->text.length}};
        add(&parts, record, sizeof record);
        total += sizeof each->header + each->envelope.length + each->text.length;
    }
    if (log_end + total > LOG_SIZE)
        log_end = 0;
    write_all(log_file, (struct iovec *)parts.at, parts.length / sizeof(struct iovec), log_end, "the log");
    log_end += total;
    if (all && fdatasync(log_file) != 0)
        die("the log cannot be synced");
}

/* Writes what there is to be written, and answers. Returns at once if somebody is at it: he will see it. */
static void write_log(void)
{
    static struct octets ended;
    pthread_mutex_lock(&log_lock);
    if (!log_busy) {
        log_busy = true;
        while (log_first || done.length > 0) {
            struct message *all = log_first;
            log_first = NULL;
            log_last = &log_first;
            struct octets swap = ended;
            ended = done;
            done = swap;
            done.length = 0;
            pthread_mutex_unlock(&log_lock);
            write_batch(all, &ended);
            for (struct message *next; all; all = next) {
                next = all->next;
                answer(all);
            }
            pthread_mutex_lock(&log_lock);
        }
        log_busy = false;
    }
    pthread_mutex_unlock(&log_lock);
}

static void make_log(void)
{
    static char zeros[1 << 20];
    log_file = openat(folder, "log", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (log_file < 0)
        die("the log cannot be made");
    for (off_t at = 0; at < LOG_SIZE; at += sizeof zeros)
        write_all(log_file, &(struct iovec){zeros, sizeof zeros}, 1, at, "the log");
    if (fsync(log_file) != 0 || fsync(folder) != 0)
        die("the log cannot be synced");
}

/* Notes a delivery that is done, for the next batch. */
static void note_done(uint64_t number, int recipient)
{
    struct header header = {.kind = DONE, .number = number, .recipient = recipient};
    pthread_mutex_lock(&log_lock);
    add(&done, &header, sizeof header);
    pthread_mutex_unlock(&log_lock);
}

/* ---- Messages that wait for delivery */

static struct message *new_message(void)
{
    struct message *message = calloc(1, sizeof *message);
    if (!message)
        die("memory");
    return message;
}

static void forget(struct message *message)
{
    free(message->envelope.at);
    free(message->text.at);
    free(message);
}

static pthread_mutex_t waiting_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t waiting_more = PTHREAD_COND_INITIALIZER, waiting_less = PTHREAD_COND_INITIALIZER;
static struct message *waiting_first, **waiting_last = &waiting_first;
static size_t waiting_octets;
static int idle;                       /* threads that wait for a message */

static void take_room(size_t octets)
{
    pthread_mutex_lock(&waiting_lock);
    waiting_octets += octets;
    pthread_mutex_unlock(&waiting_lock);
}

/* Waits until there is room in memory for one message more. */
static void wait_for_room(void)
{
    pthread_mutex_lock(&waiting_lock);
    while (waiting_octets > MOST_WAITING)
        pthread_cond_wait(&waiting_less, &waiting_lock);
    pthread_mutex_unlock(&waiting_lock);
}

static void hand_over(struct message *message)
{
    message->next = NULL;
    message->recipient = message->envelope.at + strlen(message->envelope.at) + 1;
    pthread_mutex_lock(&waiting_lock);
    *waiting_last = message;
    waiting_last = &message->next;
    int wanted = relays ? 1 : message->recipients;
    for (int i = 0; i < wanted && i < idle; i++)
        pthread_cond_signal(&waiting_more);
    pthread_mutex_unlock(&waiting_lock);
}

/* The next delivery, of a message to one recipient, or relayed to all at once. NULL after seconds (if not 0) without one. */
static struct message *next_delivery(const char **recipient, int *which, int seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&waiting_lock);
    idle++;
    int late = 0;
    while (!waiting_first && !late)
        late = seconds ? pthread_cond_timedwait(&waiting_more, &waiting_lock, &until)
                       : pthread_cond_wait(&waiting_more, &waiting_lock);
    idle--;
    struct message *message = waiting_first;
    if (message) {
        *recipient = message->recipient;
        message->recipient += strlen(message->recipient) + 1;
        *which = message->begun++;
        if (relays || message->begun == message->recipients) {
            waiting_first = message->next;
            if (!waiting_first)
                waiting_last = &waiting_first;
        }
    }
    pthread_mutex_unlock(&waiting_lock);
    return message;
}

static void end_delivery(struct message *message, int which)
{
    note_done(message->header.number, which);
    pthread_mutex_lock(&waiting_lock);
    bool last = relays || ++message->ended == message->recipients;
    if (last) {
        bool waited = waiting_octets > MOST_WAITING;
        waiting_octets -= message->text.length;
        if (waited && waiting_octets <= MOST_WAITING)
            pthread_cond_broadcast(&waiting_less);
    }
    pthread_mutex_unlock(&waiting_lock);
    if (last)
        forget(message);
}

/* ---- A delivery into the Maildir */

struct arrival {
    struct arrival *next;
    struct message *message;
    int which;                         /* of its deliveries */
};

/* Syncs new/, once for all whose names are there, and ends their deliveries. Returns at once if somebody is at it: he will see it,
   and sync once more. */
static void arrive(struct arrival *arrival)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct arrival *first;
    static bool busy;
    pthread_mutex_lock(&lock);
    arrival->next = first;
    first = arrival;
    if (!busy) {
        busy = true;
        while (first) {
            struct arrival *all = first;
            first = NULL;
            pthread_mutex_unlock(&lock);
            /* looked for each time: bench/compare puts another Maildir in its place after each round */
            int new = openat(folder, "Maildir/new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (new < 0 || fsync(new) != 0 || close(new) != 0)
                die("new/ cannot be synced");
            for (struct arrival *next; all; all = next) {
                next = all->next;
                end_delivery(all->message, all->which);
                free(all);
            }
            pthread_mutex_lock(&lock);
        }
        busy = false;
    }
    pthread_mutex_unlock(&lock);
}

static void deliver(struct message *message, const char *recipient, int which)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char draft[160], name[160], fields[1024];
    int from = snprintf(draft, sizeof draft, "Maildir/tmp/%lld.M%ldP%dQ%llu-%d.%s", (long long)now.tv_sec, now.tv_nsec / 1000,
                        (int)getpid(), (unsigned long long)message->header.number, which, host);
    snprintf(name, sizeof name, "Maildir/new/%s", draft + strlen("Maildir/tmp/"));
    int length = snprintf(fields, sizeof fields, "Return-Path: <%s>\nDelivered-To: %s\n", message->envelope.at, recipient);
    if (from >= (int)sizeof draft || length >= (int)sizeof fields) {
        errno = ENAMETOOLONG;
        die("a delivery");
    }
    int file = openat(folder, draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0)
        die("%s cannot be made", draft);
    struct iovec parts[] = {{fields, length}, {message->text.at, message->text.length}};
    write_all(file, parts, 2, -1, draft);
    if (fsync(file) != 0 || close(file) != 0 || renameat(folder, draft, folder, name) != 0)
        die("%s cannot be kept", draft);
    struct arrival *arrival = malloc(sizeof *arrival);
    if (!arrival)
        die("memory");
    *arrival = (struct arrival){.message = message, .which = which};
    arrive(arrival);
}

static void *deliver_all(void *unused)
{
    while (true) {
        const char *recipient;
        int which;
        struct message *message = next_delivery(&recipient, &which, 0);
        deliver(message, recipient, which);
    }
    return unused;
}

/* ---- Connections, to clients and to the next hop */

struct connection {
    int socket;
    int messages;                      /* sent to the next hop */
    size_t from, to;                   /* what was read and not yet used */
    struct octets out;                 /* what is to be written */
    char in[INPUT];
};

/* False if the other side is gone. */
static bool flush(struct connection *connection)
{
    size_t sent = 0;
    while (sent < connection->out.length) {
        ssize_t now = send(connection->socket, connection->out.at + sent, connection->out.length - sent, MSG_NOSIGNAL);
        if (now <= 0)
            return false;
        sent += now;
    }
    connection->out.length = 0;
    return true;
}

/* Reads more. False if the other side is gone, or a line is too long. */
static bool fill(struct connection *connection, int flags)
{
    if (connection->from > 0) {
        connection->to -= connection->from;
        memmove(connection->in, connection->in + connection->from, connection->to);
        connection->from = 0;
    }
    if (connection->to == INPUT)
        return false;
    ssize_t octets = recv(connection->socket, connection->in + connection->to, INPUT - connection->to, flags);
    if (octets < 0 && errno == EAGAIN)
        return true;
    if (octets <= 0)
        return false;
    connection->to += octets;
    return true;
}

/* The next line of what was read, ended by a 0 in place of its CRLF; NULL if there is none. */
static char *next_line(struct connection *connection)
{
    char *line = connection->in + connection->from;
    char *end = memchr(line, '\n', connection->to - connection->from);
    if (!end)
        return NULL;
    connection->from = end + 1 - connection->in;
    *end = 0;
    if (end > line && end[-1] == '\r')
        end[-1] = 0;
    return line;
}

static void say(struct connection *connection, const char *text)
{
    add(&connection->out, text, strlen(text));
}

static int no_delay(int socket)
{
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return socket;
}

/* ---- A message to the next hop */

/* The next line from the next hop, after writing what is to be written; NULL if it is gone. */
static char *hear_line(struct connection *hop)
{
    char *line = NULL;
    if (flush(hop))
        while (!(line = next_line(hop)) && fill(hop, 0))
            ;
    return line;
}

/* False if the next hop is gone, or says something else. */
static bool hears(struct connection *hop, const char *code)
{
    char *line;
    do {
        line = hear_line(hop);
    } while (line && strlen(line) > 3 && line[3] == '-');
    return line && strncmp(line, code, 3) == 0;
}

static void hang_up(struct connection *hop)
{
    say(hop, "QUIT\r\n");
    hears(hop, "221");
    close(hop->socket);
    hop->socket = -1;
}

static void call(struct connection *hop)
{
    hop->socket = no_delay(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    hop->messages = 0;
    hop->from = hop->to = hop->out.length = 0;
    if (hop->socket < 0 || connect(hop->socket, (struct sockaddr *)&next_hop, sizeof next_hop) != 0 || !hears(hop, "220"))
        die("the next hop does not answer");
    say(hop, "EHLO floor.bench.example\r\n");
    bool pipelining = false;
    char *line;
    do {
        line = hear_line(hop);
        pipelining |= line && strlen(line) > 4 && strcasecmp(line + 4, "PIPELINING") == 0;
    } while (line && strlen(line) > 3 && line[3] == '-');
    if (!line || strncmp(line, "250", 3) != 0 || !pipelining)
        die("the next hop does not speak ESMTP with PIPELINING");
}

/* The text as it goes over the wire: a dot before one that begins a line, lines end in CRLF, then the final dot. */
static void put_text(struct octets *out, struct octets *text)
{
    const char *line = text->at, *end = text->at + text->length;
    while (line < end) {
        const char *next = memchr(line, '\n', end - line);
        size_t length = next - line;   /* there is one: we made it so */
        char *to = reserve(out, length + 3);
        if (*line == '.')
            *to++ = '.';
        to = mempcpy(to, line, length);
        to = mempcpy(to, "\r\n", 2);
        out->length = to - out->at;
        line = next + 1;
    }
    add(out, ".\r\n", 3);
}

static bool send_on(struct connection *hop, struct message *message)
{
    char command[1024];
    const char *address = message->envelope.at;
    for (int i = 0; i <= message->recipients; i++) {
        int length = i == 0 ? snprintf(command, sizeof command, "MAIL FROM:<%s> SIZE=%zu\r\n", address, message->text.length)
                            : snprintf(command, sizeof command, "RCPT TO:<%s>\r\n", address);
        if (length >= (int)sizeof command)
            die("an address is too long");
        say(hop, command);
        address += strlen(address) + 1;
    }
    say(hop, "DATA\r\n");
    for (int i = 0; i <= message->recipients; i++)
        if (!hears(hop, "250"))
            return false;
    if (!hears(hop, "354"))
        return false;
    put_text(&hop->out, &message->text);
    return hears(hop, "250");
}

static void *relay_all(void *unused)
{
    struct connection *hop = calloc(1, sizeof *hop);
    if (!hop)
        die("memory");
    hop->socket = -1;
    while (true) {
        const char *recipient;
        int which;
        struct message *message = next_delivery(&recipient, &which, hop->socket >= 0 ? KEPT_SECONDS : 0);
        if (!message) {
            hang_up(hop);
            continue;
        }
        if (hop->socket >= 0 && hop->messages == MESSAGES_A_CONNECTION)
            hang_up(hop);
        bool kept = hop->socket >= 0;
        if (!kept)
            call(hop);
        bool sent = send_on(hop, message);
        if (!sent && kept) {           /* it may have been closed while it was kept */
            close(hop->socket);
            call(hop);
            sent = send_on(hop, message);
        }
        if (!sent)
            die("the next hop did not take a message");
        hop->messages++;
        end_delivery(message, which);
    }
    return unused;
}

/* ---- The dialogue */

struct client {
    pthread_mutex_t lock;
    struct message *message;           /* that comes in */
    bool mail, text;                   /* MAIL was said; so was DATA */
    bool keeping;                      /* a message is on its way to the log: nothing is said before its answer */
    bool over;
    struct connection wire;
};

static int poller;

enum text { MORE, ENDED, NOT_CRLF };

/* What there is of a text, up to its final dot. */
static enum text take_text(struct connection *wire, struct octets *text)
{
    reserve(text, wire->to - wire->from);
    char *line = wire->in + wire->from, *end;
    while ((end = memchr(line, '\n', wire->in + wire->to - line))) {
        char *next = end + 1;
        wire->from = next - wire->in;
        if (end == line || end[-1] != '\r')
            return NOT_CRLF;
        if (*line == '.' && end - ++line == 1)  /* the dot is no part of the text, nor is a line of it alone */
            return ENDED;
        end[-1] = '\n';
        memcpy(text->at + text->length, line, end - line);
        text->length += end - line;
        line = next;
    }
    return MORE;
}

/* The address in a command, added to the envelope. False if there is none, or no room. */
static bool take_address(struct octets *envelope, const char *line)
{
    const char *from = strchr(line, '<'), *to = from ? strchr(from, '>') : NULL;
    if (!to || envelope->length > ENVELOPE_LIMIT)
        return false;
    add(envelope, from + 1, to - from - 1);
    add(envelope, "", 1);
    return true;
}

static void begin_text(struct client *client)
{
    say(&client->wire, "354 go ahead, end with a dot alone\r\n");
    char field[200], date[64];
    time_t now = time(NULL);
    struct tm parts;
    strftime(date, sizeof date, "%d %b %Y %H:%M:%S +0000", gmtime_r(&now, &parts));
    add(&client->message->text, field,
        snprintf(field, sizeof field, "Received: from [127.0.0.1] by floor.bench.example; %s\n", date));
    client->text = true;
}

static void obey(struct client *client, const char *line)
{
    struct message *message = client->message;
    struct connection *wire = &client->wire;
    if (strncasecmp(line, "EHLO ", 5) == 0) {
        say(wire, "250-floor.bench.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 52428800\r\n"
                  "250 ENHANCEDSTATUSCODES\r\n");
    } else if (strncasecmp(line, "HELO ", 5) == 0) {
        say(wire, "250 floor.bench.example\r\n");
    } else if (strncasecmp(line, "MAIL FROM:", 10) == 0) {
        message->envelope.length = message->recipients = 0;
        client->mail = take_address(&message->envelope, line);
        say(wire, client->mail ? "250 2.1.0 ok\r\n" : "501 5.5.4 no address\r\n");
    } else if (strncasecmp(line, "RCPT TO:", 8) == 0) {
        bool taken = client->mail && take_address(&message->envelope, line);
        message->recipients += taken;
        say(wire, taken ? "250 2.1.5 ok\r\n" : client->mail ? "501 5.5.4 no address\r\n" : "503 5.5.1 MAIL first\r\n");
    } else if (strcasecmp(line, "DATA") == 0) {
        if (message->recipients > 0)
            begin_text(client);
        else
            say(wire, client->mail ? "503 5.5.1 RCPT first\r\n" : "503 5.5.1 MAIL first\r\n");
    } else if (strcasecmp(line, "RSET") == 0) {
        message->envelope.length = message->recipients = 0;
        client->mail = false;
        say(wire, "250 2.0.0 flushed\r\n");
    } else if (strcasecmp(line, "NOOP") == 0) {
        say(wire, "250 2.0.0 ok\r\n");
    } else if (strcasecmp(line, "QUIT") == 0) {
        say(wire, "221 2.0.0 floor.bench.example\r\n");
        client->over = true;
    } else {
        say(wire, "500 5.5.1 this is no command of SMTP\r\n");
    }
}

/* The message is whole: the log's, and then the deliveries'. */
static void keep(struct client *client)
{
    struct message *whole = client->message;
    client->message = new_message();
    client->mail = client->text = false;
    client->keeping = true;
    whole->client = client;
    take_room(whole->text.length);
    pthread_mutex_lock(&log_lock);
    *log_last = whole;
    log_last = &whole->next;
    pthread_mutex_unlock(&log_lock);
}

/* Goes on with what was read, as far as it can. */
static void converse(struct client *client)
{
    char *line;
    while (!client->keeping && !client->over) {
        if (client->text) {
            enum text came = take_text(&client->wire, &client->message->text);
            if (came == NOT_CRLF)
                say(&client->wire, "500 5.5.2 LF without CR\r\n");
            client->over = came == NOT_CRLF || client->message->text.length > MESSAGE_LIMIT;
            if (came == ENDED)
                keep(client);
            if (came == MORE)
                break;
        } else if ((line = next_line(&client->wire))) {
            obey(client, line);
        } else {
            break;
        }
    }
    if (!flush(&client->wire))
        client->over = true;
}

static void part(struct client *client)
{
    close(client->wire.socket);
    forget(client->message);
    free(client->wire.out.at);
    pthread_mutex_unlock(&client->lock);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

/* The message is in the log. Any thread that wrote it there. */
static void answer(struct message *message)
{
    struct client *client = message->client;
    pthread_mutex_lock(&client->lock);
    client->keeping = false;
    if (client->over) {                /* it went without waiting for the answer */
        part(client);
    } else {
        char reply[80];
        snprintf(reply, sizeof reply, "250 ok %lld qp %llu\r\n", (long long)time(NULL), (unsigned long long)message->header.number);
        say(&client->wire, reply);
        converse(client);
        if (client->over)
            shutdown(client->wire.socket, SHUT_RDWR);  /* who reads it sees its end */
        pthread_mutex_unlock(&client->lock);
    }
    hand_over(message);
}

static void greet(int socket)
{
    struct client *client = malloc(sizeof *client);
    if (!client)
        die("memory");
    memset(client, 0, offsetof(struct client, wire.in));
    pthread_mutex_init(&client->lock, NULL);
    client->message = new_message();
    client->wire.socket = no_delay(socket);
    say(&client->wire, "220 floor.bench.example ESMTP\r\n");
    flush(&client->wire);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) != 0)
        die("epoll");
}

/* Something has come, or the client has gone. */
static void read_more(struct client *client)
{
    pthread_mutex_lock(&client->lock);
    if (!fill(&client->wire, MSG_DONTWAIT))
        client->over = true;
    else
        converse(client);
    if (client->over && !client->keeping) {
        part(client);
        return;
    }
    if (client->over)
        epoll_ctl(poller, EPOLL_CTL_DEL, client->wire.socket, NULL);  /* whoever answers it parts with it */
    pthread_mutex_unlock(&client->lock);
}

static void *serve(void *listener)
{
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    struct epoll_event events[64];
    pthread_mutex_lock(&turn);
    while (true) {
        wait_for_room();
        int count = epoll_wait(poller, events, 64, DONE_WITHIN);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr) {
                read_more(events[i].data.ptr);
            } else {
                int socket = accept4(*(int *)listener, NULL, NULL, SOCK_CLOEXEC);
                if (socket >= 0)
                    greet(socket);
                else if (errno != ECONNABORTED)
                    die("no connection can be taken");
            }
        }
        pthread_mutex_lock(&log_lock);
        bool wanted = (log_first || done.length > 0) && !log_busy;
        pthread_mutex_unlock(&log_lock);
        if (wanted) {
            pthread_mutex_unlock(&turn);
            write_log();
            pthread_mutex_lock(&turn);
        }
    }
    return NULL;
}

static struct sockaddr_in address(const char *name, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    errno = 0;
    if (inet_pton(AF_INET, name, &address.sin_addr) != 1)
        die("%s is no IPv4 address", name);
    return address;
}

static void start(void *(*what)(void *), void *with)
{
    pthread_t thread;
    errno = pthread_create(&thread, NULL, what, with);
    if (errno != 0)
        die("no thread can be made");
}

int main(int count, char **words)
{
    relays = count == 6 && strcmp(words[1], "relay") == 0;
    if (!relays && !(count == 4 && strcmp(words[1], "deliver") == 0)) {
        fputs("usage: floor deliver PORT FOLDER | floor relay PORT FOLDER HOST HOST-PORT\n", stderr);
        return 2;
    }
    mallopt(M_MMAP_THRESHOLD, 32 << 20);   /* memory of large messages is used again, not given back each time */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    folder = open(words[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        die("%s", words[3]);
    if (gethostname(host, sizeof host - 1) != 0)
        die("its own name");
    if (relays)
        next_hop = address(words[4], words[5]);
    make_log();
    struct sockaddr_in here = address("127.0.0.1", words[2]);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (listener < 0 || bind(listener, (struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 1000) != 0)
        die("port %s", words[2]);
    struct epoll_event event = {.events = EPOLLIN};
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) != 0)
        die("epoll");
    for (int i = 0; i < DELIVERIES; i++)
        start(relays ? relay_all : deliver_all, NULL);
    for (int i = 1; i < DIALOGUES; i++)
        start(serve, &listener);
    serve(&listener);
}
