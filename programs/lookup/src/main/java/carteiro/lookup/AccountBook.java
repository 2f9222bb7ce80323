package carteiro.lookup;

import carteiro.lookup.AccountLimits.PassedLimit;
import carteiro.mail.Octets;
import carteiro.protocol.LoginRecords.AccountLogins;
import carteiro.protocol.LoginRecords.PastLogin;
import carteiro.protocol.LoginRecords.SentCount;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Passwords.SendingVerdict;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What is remembered of those who have logged in: from where and when, how much they have sent, and whether an administrator has
 * stopped them. Raises an alert when an account is used in an unusual way. Kept over restarts; see {@link AccountBookFile}.
 *
 * <p>The memory is bounded: the account not heard of for longest is forgotten first, but those that are stopped never.
 */
final class AccountBook {
    /** Networks from which somebody logs in to one account in a day until that is unusual. */
    static final int MANY_NETWORKS = 12;

    /** Recipients in a day until that may be unusual. */
    static final long MANY_RECIPIENTS = 300;

    /** It is if they are so many times those of the busiest day before. */
    static final int TIMES_USUAL = 5;

    private static final int LEAST = 5_000;
    private static final int MOST = 100_000;

    private final InstantSource clock;
    private final Consumer<LookupEvent> warnings;
    private final int most = Math.clamp(Runtime.getRuntime().maxMemory() >> 14, LEAST, MOST);
    private final Map<String, AccountRecord> records = new LinkedHashMap<>(16, 0.75f, true); // guarded by this
    private boolean changed; // as this

    /** @param warnings gets what is unusual */
    AccountBook(InstantSource clock, Consumer<LookupEvent> warnings) {
        this.clock = clock;
        this.warnings = warnings;
    }

    private long now() {
        return Math.max(0, clock.instant().getEpochSecond());
    }

    private AccountRecord record(String account) {
        changed = true;
        AccountRecord of = records.computeIfAbsent(Octets.lowerCase(account), _ -> new AccountRecord(account));
        if (records.size() > most) {
            records.values().stream()
                    .filter(each -> each != of && !each.isStopped())
                    .findFirst()
                    .ifPresent(eldest -> records.remove(Octets.lowerCase(eldest.account())));
        }
        return of;
    }

    /** @param label of the app password, empty for the account's own */
    void loggedIn(String account, LoginAttempt attempt, String label) {
        var login = new PastLogin(java.time.Instant.ofEpochSecond(now()), attempt.service(), attempt.client(), label);
        boolean spread;
        synchronized (this) {
            spread = record(account).loggedIn(login, LoginLimiter.network(attempt.client()), MANY_NETWORKS);
        }
        if (spread) {
            warnings.accept(new LookupEvent.LoginsSpread(account, MANY_NETWORKS, attempt.client()));
        }
    }

    /** An app password was used. */
    synchronized void used(String account, String id) {
        record(account).used(id, now());
    }

    /** Only of accounts that are known: who invents names fills no memory. */
    synchronized void failed(String account, LoginAttempt attempt) {
        AccountRecord of = records.get(Octets.lowerCase(account));
        if (of != null) {
            of.failed(now(), attempt.client());
            changed = true;
        }
    }

    synchronized boolean isStopped(String account) {
        AccountRecord of = records.get(Octets.lowerCase(account));
        return of != null && of.isStopped();
    }

    /** @return whether that changes anything */
    synchronized boolean stop(String account, boolean stopped) {
        if (isStopped(account) == stopped) {
            return false;
        }
        record(account).stopped(stopped);
        return true;
    }

    /** Counts a message, if the account may send it. */
    SendingVerdict sending(String account, int recipients, AccountLimits limits) {
        Optional<SentCount> unusual;
        synchronized (this) {
            if (isStopped(account)) {
                return new SendingVerdict.AccountStopped();
            }
            long now = now();
            AccountRecord of = record(account);
            AccountRecord.WouldHaveSent would = of.with(now, recipients);
            Optional<PassedLimit> passed = limits.passed(account, would.hour(), would.day());
            if (passed.isPresent()) {
                return new SendingVerdict.OverLimit(
                        passed.get().text(),
                        passed.get().ofDay() ? AccountRecord.leftOfDay(now) : AccountRecord.leftOfHour(now));
            }
            unusual = of.sent(would, MANY_RECIPIENTS, TIMES_USUAL);
        }
        unusual.ifPresent(count ->
                warnings.accept(new LookupEvent.SendingUnusual(account, count.messages(), count.recipients())));
        return new SendingVerdict.SendingAllowed();
    }

    /** @param blocked for how long no password of that account is looked at */
    synchronized List<AccountLogins> page(String after, int count, Function<String, Duration> blocked) {
        long now = now();
        return new TreeMap<>(records)
                .tailMap(Octets.lowerCase(after), false).values().stream()
                        .limit(count)
                        .map(each -> each.told(now, blocked.apply(each.account())))
                        .toList();
    }

    synchronized AccountLogins account(String account, Function<String, Duration> blocked) {
        AccountRecord of = records.get(Octets.lowerCase(account));
        return (of == null ? new AccountRecord(account) : of).told(now(), blocked.apply(account));
    }

    // ---- keeping it

    /** Takes what was kept before. @return lines that are none */
    synchronized int read(List<String> lines, Consumer<AccountRecord> each) {
        int wrong = 0;
        for (String line : lines) {
            try {
                AccountRecord of = AccountRecord.of(line);
                records.put(Octets.lowerCase(of.account()), of);
                each.accept(of);
            } catch (IllegalArgumentException e) {
                wrong++;
            }
        }
        return wrong;
    }

    /** Writes all of it if anything has changed since. @throws IOException if that fails; then it is tried again later */
    void keep(AccountBookFile file) throws IOException {
        List<String> lines;
        synchronized (this) {
            if (!changed) {
                return;
            }
            changed = false;
            lines = records.values().stream().map(AccountRecord::line).toList();
        }
        try {
            file.write(lines);
        } catch (IOException e) {
            synchronized (this) {
                changed = true;
            }
            throw e;
        }
    }
}
