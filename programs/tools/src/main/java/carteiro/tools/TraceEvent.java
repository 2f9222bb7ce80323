package carteiro.tools;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The lines of smtpd, send, local and queue that tell of one message (docs/programs/log.md). */
sealed interface TraceEvent {
    /** A client handed it in; {@code program} took it. {@code id} and {@code messageId} are empty if the line has none. */
    record AcceptedLine(
            String program,
            long message,
            String sender,
            long recipients,
            String octets,
            String client,
            String id,
            String messageId)
            implements TraceEvent {}

    /** A conversation of smtpd ended; {@code cipher} says plain without TLS, {@code how} why it ended. */
    record SessionLine(String client, String helo, String cipher, int messages, String refusals, String how)
            implements TraceEvent {}

    /** send takes it. */
    record NewMessageLine(long message) implements TraceEvent {}

    /** What send knows of it. */
    record InfoLine(long message, String octets, String sender, long qp, String uid) implements TraceEvent {}

    /** A delivery begins. */
    record StartingLine(long delivery, long message, String channel, String recipient) implements TraceEvent {}

    /** A delivery has ended. */
    record EndedLine(long delivery, TracedResult result, String text) implements TraceEvent {}

    /** Something about a delivery under way. */
    record DeliveryNote(long delivery, String line) implements TraceEvent {}

    /** The bounce is in the queue. */
    record BouncedLine(long message, long qp) implements TraceEvent {}

    /** Something else about a message. */
    record MessageNote(long message, String line) implements TraceEvent {}

    /** The message is finished. */
    record EndLine(long message) implements TraceEvent {}

    /** send has ended; nothing is under way. */
    record ExitingLine() implements TraceEvent {}

    /** Of no message: it may still name an address. */
    record OtherLine(String line) implements TraceEvent {}

    /** How a delivery ended. */
    enum TracedResult {
        /** For good. */
        DELIVERED("delivered"),
        /** For good. */
        FAILED("failed"),
        /** To be tried again. */
        DEFERRED("deferred"),
        /** send went away meanwhile. */
        INTERRUPTED("interrupted by a restart"),
        /** Not yet. */
        NONE("without a result");

        private final String words;

        TracedResult(String words) {
            this.words = words;
        }

        /** As the story says it. */
        String words() {
            return words;
        }
    }

    private static Pattern pattern(String regex) {
        return Pattern.compile(regex, Pattern.DOTALL); // a log that somebody wrote into may hold any octet
    }

    /** A number of a message, delivery or process: as many digits as a long surely holds. */
    String N = "(\\d{1,18})";

    Pattern ACCEPTED = pattern("([a-z]{1,20}): accepted msg " + N + " from <(.*)> " + N
            + " recipients (\\d+) bytes client ([^ ]+)" + "(?: id ([^ ]+) message-id ([^ ]+))?");
    Pattern SESSION = pattern(
            "smtpd: session client ([^ ]+) helo ([^ ]+) ([^ ]+) messages (\\d{1,9}) refusals (\\d+) ended: (.*)");
    Pattern NEW = pattern("new msg " + N);
    Pattern INFO = pattern("info msg " + N + ": bytes (\\d+) from <(.*)> qp " + N + " uid (\\d+)");
    Pattern STARTING = pattern("starting delivery " + N + ": msg " + N + " to (local|remote) (.*)");
    Pattern ENDED = pattern("delivery " + N + ": (?:(success|failure|deferral): (.*)|report mangled, will defer)");
    Pattern BOUNCED = pattern("bounce msg " + N + " qp " + N);
    Pattern DISCARDED = pattern("(?:double|triple) bounce: discarding bounce/" + N);
    Pattern END = pattern("end msg " + N);
    Pattern OF_MESSAGE = pattern("(?:warning: trouble injecting bounce message for msg |alert: msg "
            + "|alert: queue: message |removed msg |gave up msg )" + N + "[ ,:].*");
    Pattern OF_DELIVERY = pattern("warning: local: delivery " + N + " waits: .*");

    /** Understands a line, octets without what a logger put in front. */
    static TraceEvent of(String line) {
        TraceEvent event = switch (line.isEmpty() ? ' ' : line.charAt(0)) {
            case 'q' -> accepted(line); // by qmqpd
            case 's' -> line.equals("status: exiting") ? new ExitingLine() : ofSmtpdOrStarting(line);
            case 'n', 'i', 'e' -> ofMessage(line);
            case 'd' -> line.startsWith("delivery ") ? ended(line) : note(DISCARDED, line);
            case 't' -> note(DISCARDED, line);
            case 'b' -> bounced(line);
            case 'a', 'r', 'g' -> note(OF_MESSAGE, line);
            case 'w' -> line.startsWith("warning: local: ") ? ofDelivery(line) : note(OF_MESSAGE, line);
            default -> null; // nothing of a message begins so
        };
        return event == null ? new OtherLine(line) : event;
    }

    private static @Nullable TraceEvent ofSmtpdOrStarting(String line) {
        if (line.startsWith("smtpd: session ")) {
            Matcher m = SESSION.matcher(line);
            return m.matches()
                    ? new SessionLine(m.group(1), m.group(2), m.group(3), (int) number(m, 4), m.group(5), m.group(6))
                    : null;
        }
        Matcher m = STARTING.matcher(line);
        return m.matches() ? new StartingLine(number(m, 1), number(m, 2), m.group(3), m.group(4)) : accepted(line);
    }

    private static @Nullable TraceEvent accepted(String line) {
        Matcher m = ACCEPTED.matcher(line);
        return m.matches()
                ? new AcceptedLine(
                        m.group(1),
                        number(m, 2),
                        m.group(3),
                        number(m, 4),
                        m.group(5),
                        m.group(6),
                        Objects.requireNonNullElse(m.group(7), ""),
                        Objects.requireNonNullElse(m.group(8), ""))
                : null;
    }

    private static @Nullable TraceEvent ofMessage(String line) {
        Matcher info = INFO.matcher(line);
        if (info.matches()) {
            return new InfoLine(number(info, 1), info.group(2), info.group(3), number(info, 4), info.group(5));
        }
        Matcher taken = NEW.matcher(line);
        if (taken.matches()) {
            return new NewMessageLine(number(taken, 1));
        }
        Matcher end = END.matcher(line);
        return end.matches() ? new EndLine(number(end, 1)) : null;
    }

    private static @Nullable TraceEvent ended(String line) {
        Matcher m = ENDED.matcher(line);
        if (!m.matches()) {
            return null;
        }
        return m.group(2) == null
                ? new EndedLine(number(m, 1), TracedResult.DEFERRED, "report mangled")
                : new EndedLine(number(m, 1), result(m.group(2)), m.group(3));
    }

    private static @Nullable TraceEvent bounced(String line) {
        Matcher m = BOUNCED.matcher(line);
        return m.matches() ? new BouncedLine(number(m, 1), number(m, 2)) : null;
    }

    private static @Nullable TraceEvent note(Pattern pattern, String line) {
        Matcher m = pattern.matcher(line);
        return m.matches() ? new MessageNote(number(m, 1), line) : null;
    }

    private static @Nullable TraceEvent ofDelivery(String line) {
        Matcher m = OF_DELIVERY.matcher(line);
        return m.matches() ? new DeliveryNote(number(m, 1), line) : null;
    }

    private static long number(Matcher matcher, int group) {
        return Long.parseLong(matcher.group(group));
    }

    private static TracedResult result(String word) {
        return switch (word) {
            case "success" -> TracedResult.DELIVERED;
            case "failure" -> TracedResult.FAILED;
            default -> TracedResult.DEFERRED;
        };
    }
}
