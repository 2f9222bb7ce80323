package carteiro.send;

import carteiro.control.ControlFiles;
import carteiro.control.DomainTable;
import carteiro.control.Settings;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one remote destination may have: a line of control/destinationlimits. Recipients are counted, as everywhere in
 * send: where their number keeps within a limit, that of the transactions does too.
 *
 * @param atOnce recipients in running deliveries; 0 for what control/concurrencyperhost says
 * @param most recipients whose delivery begins within any {@code seconds}; 0 for no such limit
 * @param seconds the period that {@code most} belongs to, at least 1
 */
record DestinationLimit(int atOnce, int most, int seconds) {
    /** What holds for who is not in the table. */
    static final DestinationLimit NONE = new DestinationLimit(0, 0, 1);

    /** The longest period: a day. */
    static final int LONGEST = 86_400;

    private static final Pattern DOMAIN = Pattern.compile("\\.?[^\\s.:@*/]+(\\.[^\\s.:@*/]+)*|");
    private static final Pattern AT_ONCE = Pattern.compile("[1-9][0-9]{0,5}");
    private static final Pattern RATE = Pattern.compile("([1-9][0-9]{0,5})/([1-9][0-9]{0,4})?([smh])");

    /** Reads control/destinationlimits; of a domain that is there twice the last line counts. */
    static DomainTable<DestinationLimit> read(ControlFiles files) {
        var limits = new LinkedHashMap<String, DestinationLimit>();
        files.numbered(Settings.DESTINATIONLIMITS).forEach((number, line) -> {
            String[] fields = line.split(":", -1);
            String atOnce = fields.length < 2 ? "" : fields[1].strip();
            String rate = fields.length < 3 ? "" : fields[2].strip();
            Optional<DestinationLimit> limit = rate.isEmpty() ? Optional.of(NONE) : ofRate(rate);
            if (fields.length < 2 || fields.length > 3) {
                problem(files, number, line, "is not domain:deliveries at once:rate; write such as example.org:5:60/m");
            } else if (!DOMAIN.matcher(fields[0]).matches()) {
                problem(
                        files,
                        number,
                        fields[0],
                        "is no domain; write example.org, .example.org for all below it, or nothing before the colon for"
                                + " all others");
            } else if (!atOnce.isEmpty() && !AT_ONCE.matcher(atOnce).matches()) {
                problem(
                        files,
                        number,
                        atOnce,
                        "is not a number from 1 to 999999; write such as " + fields[0]
                                + ":5, or nothing there for what concurrencyperhost says");
            } else if (limit.isEmpty()) {
                problem(
                        files,
                        number,
                        rate,
                        "is not a rate; write deliveries, a slash and a period of at most 24 hours, such as 10/s, 60/m,"
                                + " 500/h or 1/10s");
            } else {
                limits.putLast(
                        fields[0],
                        new DestinationLimit(
                                atOnce.isEmpty() ? 0 : Integer.parseInt(atOnce),
                                limit.get().most,
                                limit.get().seconds));
            }
        });
        return new DomainTable<>(limits);
    }

    private static Optional<DestinationLimit> ofRate(String text) {
        Matcher rate = RATE.matcher(text);
        if (!rate.matches()) {
            return Optional.empty();
        }
        int unit = switch (rate.group(3)) {
            case "h" -> 3600;
            case "m" -> 60;
            default -> 1;
        };
        int seconds = unit * (rate.group(2) == null ? 1 : Integer.parseInt(rate.group(2)));
        return seconds > LONGEST
                ? Optional.empty()
                : Optional.of(new DestinationLimit(0, Integer.parseInt(rate.group(1)), seconds));
    }

    private static void problem(ControlFiles files, int number, String wrong, String sentence) {
        files.problem(Settings.DESTINATIONLIMITS, number, "\"" + wrong + "\" " + sentence);
    }
}
