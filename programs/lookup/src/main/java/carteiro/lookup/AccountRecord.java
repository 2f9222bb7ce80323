package carteiro.lookup;

import carteiro.protocol.LoginRecords;
import carteiro.protocol.LoginRecords.AccountLogins;
import carteiro.protocol.LoginRecords.AppUse;
import carteiro.protocol.LoginRecords.PastLogin;
import carteiro.protocol.LoginRecords.SentCount;
import carteiro.protocol.Passwords.LoginService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/** What is remembered of one account. For one thread at a time. */
final class AccountRecord {
    private static final long HOUR = Duration.ofHours(1).toSeconds();
    private static final long DAY = Duration.ofDays(1).toSeconds();

    /** Of the busiest earlier day so much is left a day later: what was usual long ago is forgotten. */
    private static final double KEPT_OF_BUSIEST = 0.9;

    private static final String SEPARATOR = "\t";
    private static final int FIELDS = 11;
    private static final int FIELDS_OF_LOGIN = 4;

    private final String account;
    private final Deque<PastLogin> logins = new ArrayDeque<>(2);
    private final SequencedMap<String, Long> uses =
            new LinkedHashMap<>(2, 0.75f, true); // of app passwords, by their ids
    private long failures;
    private long lastFailure;
    private String lastFailedClient = "";
    private boolean stopped;
    private long hour;
    private SentCount inHour = SentCount.NONE;
    private long day;
    private SentCount inDay = SentCount.NONE;
    private long busiest; // recipients of the busiest earlier day
    private final Set<String> networks = new HashSet<>(2); // of today
    private boolean toldOfRate; // today, as the next
    private boolean toldOfNetworks;

    AccountRecord(String account) {
        this.account = account;
    }

    String account() {
        return account;
    }

    boolean isStopped() {
        return stopped;
    }

    void stopped(boolean now) {
        stopped = now;
    }

    List<PastLogin> logins() {
        return List.copyOf(logins);
    }

    /** A login from a network. @return whether it is the first one today from more than that many */
    boolean loggedIn(PastLogin login, String network, int manyNetworks) {
        turn(login.at().getEpochSecond());
        logins.addFirst(login);
        if (logins.size() > LoginRecords.MOST_LOGINS) {
            logins.removeLast();
        }
        failures = 0;
        lastFailure = 0;
        lastFailedClient = "";
        if (networks.size() <= manyNetworks) {
            networks.add(network);
        }
        boolean first = networks.size() > manyNetworks && !toldOfNetworks;
        toldOfNetworks |= first;
        return first;
    }

    void used(String app, long now) {
        uses.put(app, now);
        if (uses.size() > LoginRecords.MOST_APPS) {
            uses.pollFirstEntry();
        }
    }

    void failed(long now, String client) {
        failures++;
        lastFailure = now;
        lastFailedClient = client;
    }

    /** What it would have sent with another message: in this hour, and today. */
    record WouldHaveSent(SentCount hour, SentCount day) {}

    WouldHaveSent with(long now, int recipients) {
        turn(now);
        return new WouldHaveSent(plus(inHour, recipients), plus(inDay, recipients));
    }

    private static SentCount plus(SentCount count, int recipients) {
        return new SentCount(count.messages() + 1, count.recipients() + recipients);
    }

    /** It sends. @return what it has sent today, if that is for the first time much more than usual */
    Optional<SentCount> sent(WouldHaveSent now, long manyRecipients, int timesUsual) {
        inHour = now.hour;
        inDay = now.day;
        if (toldOfRate || inDay.recipients() <= Math.max(manyRecipients, busiest * timesUsual)) {
            return Optional.empty();
        }
        toldOfRate = true;
        return Optional.of(inDay);
    }

    static Duration leftOfHour(long now) {
        return Duration.ofSeconds(HOUR - Math.floorMod(now, HOUR));
    }

    static Duration leftOfDay(long now) {
        return Duration.ofSeconds(DAY - Math.floorMod(now, DAY));
    }

    /** Another hour or day may have come. A clock that was set back begins a new one, too. */
    private void turn(long now) {
        if (now / HOUR != hour) {
            hour = now / HOUR;
            inHour = SentCount.NONE;
        }
        if (now / DAY != day) {
            busiest = Math.max((long) (busiest * KEPT_OF_BUSIEST), inDay.recipients());
            day = now / DAY;
            inDay = SentCount.NONE;
            networks.clear();
            toldOfRate = false;
            toldOfNetworks = false;
        }
    }

    AccountLogins told(long now, Duration blocked) {
        turn(now);
        return new AccountLogins(
                account,
                logins(),
                failures,
                Instant.ofEpochSecond(lastFailure),
                lastFailedClient,
                blocked,
                stopped,
                inHour,
                inDay,
                uses.entrySet().stream()
                        .map(each -> new AppUse(each.getKey(), Instant.ofEpochSecond(each.getValue())))
                        .toList());
    }

    /** As a line of a file; see {@link #of}. */
    String line() {
        var fields = new ArrayList<String>(List.of(
                account,
                stopped ? "stopped" : "",
                Long.toString(failures),
                Long.toString(lastFailure),
                lastFailedClient,
                Long.toString(hour),
                count(inHour),
                Long.toString(day),
                count(inDay),
                Long.toString(busiest),
                Integer.toString(logins.size())));
        for (PastLogin login : logins) {
            fields.add(Long.toString(login.at().getEpochSecond()));
            fields.add(login.service().name());
            fields.add(login.client());
            fields.add(login.label());
        }
        uses.forEach((app, at) -> {
            fields.add(app);
            fields.add(Long.toString(at));
        });
        return String.join(SEPARATOR, fields);
    }

    private static String count(SentCount count) {
        return count.messages() + "/" + count.recipients();
    }

    private static SentCount count(String text) {
        int slash = text.indexOf('/');
        return new SentCount(Long.parseLong(text.substring(0, slash)), Long.parseLong(text.substring(slash + 1)));
    }

    /**
     * From a line.
     *
     * @throws IllegalArgumentException if it is none
     */
    static AccountRecord of(String line) {
        try {
            List<String> fields = List.of(line.split(SEPARATOR, -1));
            var read = new AccountRecord(fields.get(0));
            read.stopped = fields.get(1).equals("stopped");
            read.failures = Long.parseLong(fields.get(2));
            read.lastFailure = Long.parseLong(fields.get(3));
            read.lastFailedClient = fields.get(4);
            read.hour = Long.parseLong(fields.get(5));
            read.inHour = count(fields.get(6));
            read.day = Long.parseLong(fields.get(7));
            read.inDay = count(fields.get(8));
            read.busiest = Long.parseLong(fields.get(9));
            int logins = Integer.parseInt(fields.get(10));
            for (int i = 0; i < logins; i++) {
                int at = FIELDS + i * FIELDS_OF_LOGIN;
                read.logins.addLast(new PastLogin(
                        Instant.ofEpochSecond(Long.parseLong(fields.get(at))),
                        LoginService.valueOf(fields.get(at + 1)),
                        fields.get(at + 2),
                        fields.get(at + 3)));
            }
            for (int at = FIELDS + logins * FIELDS_OF_LOGIN; at < fields.size(); at += 2) {
                read.uses.put(fields.get(at), Long.parseLong(fields.get(at + 1)));
            }
            return read;
        } catch (IndexOutOfBoundsException | java.time.DateTimeException e) {
            throw new IllegalArgumentException("no record of an account", e);
        }
    }
}
