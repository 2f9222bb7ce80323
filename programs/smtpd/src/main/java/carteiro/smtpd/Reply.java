package carteiro.smtpd;

import carteiro.listen.ReplyText;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import java.util.Optional;

/** A reply as it goes out (RFC 5321 section 4.2), made once and sent often. */
final class Reply {
    private final int code;
    private final String text;
    private final Optional<PolicyRule> rule;
    private final byte[] octets;
    private final byte[] octetsWithCode;

    /** Whether a refusal ends with the code of its rule (control/rulecodes). */
    enum RuleCodes {
        HIDDEN,
        SHOWN
    }

    private Reply(int code, String text, Optional<PolicyRule> rule) {
        this.code = code;
        this.rule = rule;
        this.text = text;
        this.octets = Octets.bytes(wire(code, text));
        this.octetsWithCode = rule.isEmpty() ? octets : Octets.bytes(wire(code, text(RuleCodes.SHOWN)));
    }

    /** @param text lines parted by LF; of ours, or gone through {@link ReplyText#safe} */
    static Reply of(int code, String text) {
        return new Reply(code, text, Optional.empty());
    }

    /** 4xx or 5xx; the text as for {@link #of}. */
    static Reply refusal(PolicyRule rule, int code, String text) {
        return new Reply(code, text, Optional.of(rule));
    }

    /** The same with an enhanced status (RFC 2034) and a text that another program gave. */
    static Reply refusal(PolicyRule rule, int code, Status status, String reason) {
        return refusal(rule, code, status + " " + ReplyText.safe(reason));
    }

    private static String wire(int code, String text) {
        var wire = new StringBuilder(text.length() + 16);
        int at = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
            wire.append(code).append('-').append(text, at, end).append("\r\n");
            at = end + 1;
        }
        return wire.append(code)
                .append(' ')
                .append(text, at, text.length())
                .append("\r\n")
                .toString();
    }

    int code() {
        return code;
    }

    /** Why it refuses; empty if it does not. */
    Optional<PolicyRule> rule() {
        return rule;
    }

    /** Its rule for the log; empty if it does not refuse. */
    String ruleName() {
        return rule.map(PolicyRule::toString).orElse("");
    }

    /** The octets to send; not to be changed. */
    byte[] octets(RuleCodes codes) {
        return switch (codes) {
            case HIDDEN -> octets;
            case SHOWN -> octetsWithCode;
        };
    }

    private String text(RuleCodes codes) {
        return switch (codes) {
            case HIDDEN -> text;
            case SHOWN -> rule.map(by -> text + " [" + by.code() + "]").orElse(text);
        };
    }

    /** Code and text in one line, for the log. */
    String line(RuleCodes codes) {
        return code + " " + text(codes).replace('\n', ' ');
    }

    @Override
    public String toString() {
        return line(RuleCodes.HIDDEN);
    }
}
