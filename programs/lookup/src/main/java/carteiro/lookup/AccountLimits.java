package carteiro.lookup;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.mail.Octets;
import carteiro.protocol.LoginRecords.SentCount;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How much accounts may send in an hour and a day (control/accountlimits). */
final class AccountLimits {
    private static final int FIELDS = 4;
    private static final SentCount NONE = new SentCount(Long.MAX_VALUE, Long.MAX_VALUE);

    private final Map<String, LimitsOfOne> limits; // by account in lower case; of all others at the empty text

    /** Of an account; {@link Long#MAX_VALUE} where there is no limit. */
    private record LimitsOfOne(SentCount hour, SentCount day) {
        static final LimitsOfOne UNLIMITED = new LimitsOfOne(NONE, NONE);
    }

    private AccountLimits(Map<String, LimitsOfOne> limits) {
        this.limits = limits;
    }

    /** Lines {@code account:messages an hour:messages a day:recipients an hour:recipients a day}; an empty number is no limit. */
    static AccountLimits read(ControlFiles files) {
        var limits = new HashMap<String, LimitsOfOne>();
        files.numbered(Settings.ACCOUNTLIMITS).forEach((number, line) -> {
            List<String> fields = List.of(line.strip().split(":", -1));
            int first = fields.size() - FIELDS;
            if (first < 1 || !fields.subList(first, fields.size()).stream().allMatch(AccountLimits::isLimit)) {
                files.problem(
                        Settings.ACCOUNTLIMITS,
                        number,
                        "\"" + line
                                + "\" is not account:messages an hour:messages a day:recipients an hour:recipients a"
                                + " day with numbers or nothing between the colons; write, for example, ann:50:300::1000");
                return;
            }
            String account = Octets.lowerCase(String.join(":", fields.subList(0, first)));
            var now = new LimitsOfOne(
                    new SentCount(limit(fields.get(first)), limit(fields.get(first + 2))),
                    new SentCount(limit(fields.get(first + 1)), limit(fields.get(first + 3))));
            if (limits.putIfAbsent(account, now) != null) {
                files.problem(
                        Settings.ACCOUNTLIMITS, number, "\"" + account + "\" has a line above; leave one of the two");
            }
        });
        return new AccountLimits(limits);
    }

    private static boolean isLimit(String field) {
        return field.length() <= 9 && field.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static long limit(String field) {
        return field.isEmpty() ? Long.MAX_VALUE : Long.parseLong(field);
    }

    /**
     * A limit that is passed.
     *
     * @param ofDay else of the hour
     */
    record PassedLimit(String text, boolean ofDay) {}

    /**
     * The limit that an account would pass.
     *
     * @param hour what it would have sent in this hour
     * @param day what it would have sent today
     */
    Optional<PassedLimit> passed(String account, SentCount hour, SentCount day) {
        LimitsOfOne of = limits.getOrDefault(Octets.lowerCase(account), limits.getOrDefault("", LimitsOfOne.UNLIMITED));
        return passed(of.hour, hour, "an hour")
                .map(text -> new PassedLimit(text, false))
                .or(() -> passed(of.day, day, "a day").map(text -> new PassedLimit(text, true)));
    }

    private static Optional<String> passed(SentCount most, SentCount count, String time) {
        if (count.messages() > most.messages()) {
            return Optional.of(most.messages() + " messages " + time);
        }
        return count.recipients() > most.recipients()
                ? Optional.of(most.recipients() + " recipients " + time)
                : Optional.empty();
    }
}
