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
 *     2. A delivery is a file written in tmp/, synced, renamed into new/, and a sync of new/. Whoever waits for new/ shares one.
 *     3. That a delivery is done is written to the log, without a sync: a crash may deliver twice, never lose.
 *
 * What it leaves out is what a server is: whose the address is, who may relay, limits, retries, bounces, users, TLS, events, checksums,
 * and reading the log again. Whatever goes wrong ends it with a line on standard error, so that no round is measured of a floor that
 * does less. Each connection has a thread; deliveries have threads of their own. Needs Linux, a C11 compiler, and nothing besides.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 128                /* that are served at once; no load has more */
#define DELIVERIES 100                 /* at once, as many as bench/compare lets all others have; fewer share fewer syncs */
#define INPUT (64 << 10)               /* octets read at once; also the longest line */
#define MESSAGE_LIMIT (50 << 20)       /* octets */
#define ENVELOPE_LIMIT (1 << 20)       /* octets */
#define MOST_WAITING (64 << 20)        /* octets of messages in memory; while there are more, no 250 is said */
#define LOG_SIZE (256 << 20)           /* octets; far more than can wait, so that what is overwritten was delivered */
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

/* ---- Work that is done once for all who wait for it */

/* Somebody who waits. */
struct waiter {
    struct waiter *next;
    sem_t wake;
    bool leads;                        /* woken to work for all who wait by now, itself first */
};

/* One round runs at a time, done by one of those who want it; who comes meanwhile shares the next. Nobody waits for company. */
struct group {
    pthread_mutex_t lock;
    struct waiter *first, **last;      /* who came since the round that runs, if any, began */
    bool busy;                         /* somebody leads, or was woken to */
    bool posted;                       /* there is something to do that nobody waits for */
    void (*work)(struct group *, struct waiter *all);  /* called and left with the lock held, free meanwhile */
};

/* Called with the lock held and busy set; leaves it free. */
static void lead(struct group *group, struct waiter *mine)
{
    for (bool more = true; more;) {
        struct waiter *all = group->first;
        group->first = NULL;
        group->last = &group->first;
        group->posted = false;
        group->work(group, all);
        struct waiter *heir = group->first;
        more = !heir && group->posted;
        group->busy = heir || more;
        pthread_mutex_unlock(&group->lock);
        if (heir) {
            heir->leads = true;
            sem_post(&heir->wake);
        }
        for (struct waiter *each = all, *next; each; each = next) {
            next = each->next;         /* whoever is woken may be gone at once */
            if (each != mine)
                sem_post(&each->wake);
        }
        if (more)
            pthread_mutex_lock(&group->lock);
    }
}

/* Returns when a round that began after the call has ended. */
static void join(struct group *group, struct waiter *mine)
{
    mine->next = NULL;
    mine->leads = false;
    sem_init(&mine->wake, 0, 0);
    pthread_mutex_lock(&group->lock);
    *group->last = mine;
    group->last = &mine->next;
    if (!group->busy) {
        group->busy = true;
        lead(group, mine);
    } else {
        pthread_mutex_unlock(&group->lock);
        while (sem_wait(&mine->wake) != 0)
            ;
        if (mine->leads) {
            pthread_mutex_lock(&group->lock);
            lead(group, mine);
        }
    }
    sem_destroy(&mine->wake);
}

/* ---- The log: filled with zeros before it is used, as Carteiro's segments, and used again from its start when it is full */

struct header {
    uint32_t kind, envelope;           /* octets of the envelope */
    uint64_t number, text;             /* octets of the text */
    uint64_t recipient;                /* of a delivery that is done */
};
enum { ACCEPTED = 1, DONE = 2 };

struct record {
    struct waiter waiter;
    struct header header;
    struct iovec envelope, text;
};

static int log_file;
static off_t log_end;
static uint64_t numbers;               /* given; changed in a round of the log alone */
static struct octets done, done_before;  /* headers of deliveries; the first guarded by the log's lock */

static void write_log(struct group *group, struct waiter *all)
{
    struct octets ended = done;
    done = done_before;
    done.length = 0;
    pthread_mutex_unlock(&group->lock);

    struct iovec parts[3 * CONNECTIONS + 1];
    int count = 0;
    size_t total = ended.length;
    parts[count++] = (struct iovec){ended.at, ended.length};
    for (struct waiter *each = all; each; each = each->next) {
        struct record *record = (struct record *)each;
        record->header.number = ++numbers;
        parts[count++] = (struct iovec){&record->header, sizeof record->header};
        parts[count++] = record->envelope;
        parts[count++] = record->text;
        total += sizeof record->header + record->envelope.iov_len + record->text.iov_len;
    }
    if (log_end + total > LOG_SIZE)
        log_end = 0;
    write_all(log_file, parts, count, log_end, "the log");
    log_end += total;
    if (all && fdatasync(log_file) != 0)
        die("the log cannot be synced");

    pthread_mutex_lock(&group->lock);
    done_before = ended;
}

static struct group log_group = {.lock = PTHREAD_MUTEX_INITIALIZER, .last = &log_group.first, .work = write_log};

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

/* Notes a delivery that is done. Written by whoever writes next, or now if nobody does. */
static void note_done(uint64_t number, int recipient)
{
    struct header header = {.kind = DONE, .number = number, .recipient = recipient};
    pthread_mutex_lock(&log_group.lock);
    add(&done, &header, sizeof header);
    log_group.posted = true;
    if (log_group.busy) {
        pthread_mutex_unlock(&log_group.lock);
    } else {
        log_group.busy = true;
        lead(&log_group, NULL);
    }
}

/* ---- Messages that wait for delivery */

struct message {
    struct message *next;
    uint64_t number;
    struct octets envelope;            /* the sender, then the recipients, a 0 behind each */
    struct octets text;                /* lines end in LF */
    int recipients;
    int begun, ended;                  /* deliveries, guarded by the waiting lock */
    const char *recipient;             /* the next to be begun */
};

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

/* Waits until there is room in memory for one message more. */
static void take_room(size_t octets)
{
    pthread_mutex_lock(&waiting_lock);
    while (waiting_octets > MOST_WAITING)
        pthread_cond_wait(&waiting_less, &waiting_lock);
    waiting_octets += octets;
    pthread_mutex_unlock(&waiting_lock);
}

static void hand_over(struct message *message)
{
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
    note_done(message->number, which);
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
    struct waiter waiter;
    int new;                           /* the folder, open */
};

static void sync_new(struct group *group, struct waiter *all)
{
    pthread_mutex_unlock(&group->lock);
    if (fsync(((struct arrival *)all)->new) != 0)
        die("new/ cannot be synced");
    pthread_mutex_lock(&group->lock);
}

static struct group new_group = {.lock = PTHREAD_MUTEX_INITIALIZER, .last = &new_group.first, .work = sync_new};

static void deliver(struct message *message, const char *recipient, int which)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char draft[160], name[160], fields[1024];
    int from = snprintf(draft, sizeof draft, "Maildir/tmp/%lld.M%ldP%dQ%llu-%d.%s", (long long)now.tv_sec, now.tv_nsec / 1000,
                        (int)getpid(), (unsigned long long)message->number, which, host);
    snprintf(name, sizeof name, "Maildir/new/%s", draft + strlen("Maildir/tmp/"));
    int length = snprintf(fields, sizeof fields, "Return-Path: <%s>\nDelivered-To: %s\n", message->envelope.at, recipient);
    if (from >= (int)sizeof draft || length >= (int)sizeof fields) {
        errno = ENAMETOOLONG;
        die("a delivery");
    }
    /* The Maildir is looked for each time: bench/compare puts another in its place after each round. */
    struct arrival arrival = {.new = openat(folder, "Maildir/new", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    int file = openat(folder, draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (arrival.new < 0 || file < 0)
        die("%s cannot be made", draft);
    struct iovec parts[] = {{fields, length}, {message->text.at, message->text.length}};
    write_all(file, parts, 2, -1, draft);
    if (fsync(file) != 0 || close(file) != 0 || renameat(folder, draft, folder, name) != 0)
        die("%s cannot be kept", draft);
    join(&new_group, &arrival.waiter);
    close(arrival.new);
}

static void *deliver_all(void *unused)
{
    while (true) {
        const char *recipient;
        int which;
        struct message *message = next_delivery(&recipient, &which, 0);
        deliver(message, recipient, which);
        end_delivery(message, which);
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

/* Reads more, after writing what is to be written. False if the other side is gone, or a line is too long. */
static bool fill(struct connection *connection)
{
    if (!flush(connection))
        return false;
    if (connection->from > 0) {
        connection->to -= connection->from;
        memmove(connection->in, connection->in + connection->from, connection->to);
        connection->from = 0;
    }
    if (connection->to == INPUT)
        return false;
    ssize_t octets = recv(connection->socket, connection->in + connection->to, INPUT - connection->to, 0);
    if (octets <= 0)
        return false;
    connection->to += octets;
    return true;
}

/* The next line, ended by a 0 in place of its CRLF; NULL if there is none. */
static char *next_line(struct connection *connection)
{
    size_t seen = 0;
    char *end;
    while (!(end = memchr(connection->in + connection->from + seen, '\n', connection->to - connection->from - seen))) {
        seen = connection->to - connection->from;
        if (!fill(connection))
            return NULL;
    }
    char *line = connection->in + connection->from;
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

/* False if the next hop is gone, or says something else. */
static bool hears(struct connection *hop, const char *code)
{
    char *line;
    do {
        line = next_line(hop);
    } while (line && strlen(line) > 3 && line[3] == '-');
    return line && strncmp(line, code, 3) == 0;
}

static void hang_up(struct connection *hop)
{
    say(hop, "QUIT\r\n");
    if (flush(hop))
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
        line = next_line(hop);
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

/* The text of a message, up to its final dot. False if the client is gone, or did not end its lines in CRLF. */
static bool receive_text(struct connection *client, struct octets *text)
{
    while (true) {
        reserve(text, client->to - client->from);
        char *line = client->in + client->from, *end;
        while ((end = memchr(line, '\n', client->in + client->to - line))) {
            char *next = end + 1;
            if (end == line || end[-1] != '\r') {
                say(client, "500 5.5.2 LF without CR\r\n");
                flush(client);
                return false;
            }
            if (*line == '.' && end - ++line == 1) {  /* the dot is no part of the text, nor is a line of it alone */
                client->from = next - client->in;
                return true;
            }
            end[-1] = '\n';
            memcpy(text->at + text->length, line, end - line);
            text->length += end - line;
            line = next;
        }
        client->from = line - client->in;
        if (!fill(client))
            return false;
        if (text->length > MESSAGE_LIMIT)
            return false;
    }
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

/* Reads the text of a message, keeps it, answers, and hands it over. False if the conversation is over. */
static bool receive(struct connection *client, struct message *message)
{
    say(client, "354 go ahead, end with a dot alone\r\n");
    char field[200], date[64];
    time_t now = time(NULL);
    struct tm parts;
    strftime(date, sizeof date, "%d %b %Y %H:%M:%S +0000", gmtime_r(&now, &parts));
    add(&message->text, field, snprintf(field, sizeof field, "Received: from [127.0.0.1] by floor.bench.example; %s\n", date));
    if (!receive_text(client, &message->text)) {
        forget(message);
        return false;
    }
    take_room(message->text.length);
    struct record record = {.header = {.kind = ACCEPTED, .envelope = message->envelope.length, .text = message->text.length},
                            .envelope = {message->envelope.at, message->envelope.length},
                            .text = {message->text.at, message->text.length}};
    join(&log_group, &record.waiter);
    message->number = record.header.number;
    message->recipient = message->envelope.at + strlen(message->envelope.at) + 1;
    char reply[80];
    snprintf(reply, sizeof reply, "250 ok %lld qp %llu\r\n", (long long)now, (unsigned long long)message->number);
    say(client, reply);
    bool there = flush(client);
    hand_over(message);
    return there;
}

static void converse(struct connection *client)
{
    struct message *message = new_message();
    bool mail = false;
    say(client, "220 floor.bench.example ESMTP\r\n");
    char *line;
    while ((line = next_line(client))) {
        if (strncasecmp(line, "EHLO ", 5) == 0) {
            say(client, "250-floor.bench.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 52428800\r\n"
                        "250 ENHANCEDSTATUSCODES\r\n");
        } else if (strncasecmp(line, "HELO ", 5) == 0) {
            say(client, "250 floor.bench.example\r\n");
        } else if (strncasecmp(line, "MAIL FROM:", 10) == 0) {
            message->envelope.length = message->recipients = 0;
            mail = take_address(&message->envelope, line);
            say(client, mail ? "250 2.1.0 ok\r\n" : "501 5.5.4 no address\r\n");
        } else if (strncasecmp(line, "RCPT TO:", 8) == 0) {
            bool taken = mail && take_address(&message->envelope, line);
            message->recipients += taken;
            say(client, taken ? "250 2.1.5 ok\r\n" : mail ? "501 5.5.4 no address\r\n" : "503 5.5.1 MAIL first\r\n");
        } else if (strcasecmp(line, "DATA") == 0) {
            if (message->recipients == 0) {
                say(client, mail ? "503 5.5.1 RCPT first\r\n" : "503 5.5.1 MAIL first\r\n");
                continue;
            }
            struct message *whole = message;
            message = new_message();
            mail = false;
            if (!receive(client, whole))
                break;
        } else if (strcasecmp(line, "RSET") == 0) {
            message->envelope.length = message->recipients = 0;
            mail = false;
            say(client, "250 2.0.0 flushed\r\n");
        } else if (strcasecmp(line, "NOOP") == 0) {
            say(client, "250 2.0.0 ok\r\n");
        } else if (strcasecmp(line, "QUIT") == 0) {
            say(client, "221 2.0.0 floor.bench.example\r\n");
            flush(client);
            break;
        } else {
            say(client, "500 5.5.1 this is no command of SMTP\r\n");
        }
    }
    forget(message);
}

static void *serve(void *listener)
{
    struct connection *client = calloc(1, sizeof *client);
    if (!client)
        die("memory");
    while (true) {
        client->socket = accept4(*(int *)listener, NULL, NULL, SOCK_CLOEXEC);
        if (client->socket < 0 && errno == ECONNABORTED)
            continue;
        if (client->socket < 0)
            die("no connection can be taken");
        no_delay(client->socket);
        client->from = client->to = client->out.length = 0;
        converse(client);
        close(client->socket);
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
    for (int i = 0; i < DELIVERIES; i++)
        start(relays ? relay_all : deliver_all, NULL);
    for (int i = 1; i < CONNECTIONS; i++)
        start(serve, &listener);
    serve(&listener);
}
