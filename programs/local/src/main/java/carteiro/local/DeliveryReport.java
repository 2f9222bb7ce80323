package carteiro.local;

import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.mail.Status;
import java.io.ByteArrayOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a delivery says for the log and the bounce: the output of its programs, then what we say. One thread at a time. */
final class DeliveryReport {
    /** The most octets of the programs' output that are kept. */
    static final int LIMIT = 3000;

    private static final Pattern STATUS = Pattern.compile("\\(#([45])\\.(\\d{1,3})\\.(\\d{1,3})\\)");

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private boolean cut;

    /** Appends output of a program; what is over the limit is dropped. */
    void output(byte[] octets, int length) {
        int kept = Math.min(length, LIMIT - output.size());
        output.write(octets, 0, kept);
        cut |= kept < length;
    }

    /** The end, whatever the programs said, with a line of ours. */
    Outcome refused(Status status, String sentence) {
        return outcome(status, textWith(sentence + " (#" + status + ")\n"));
    }

    /** The end because of a program's exit code; the programs have said why, and may have said a status. */
    Outcome refusedByProgram(int kind) {
        String text = textWith("");
        Matcher matcher = STATUS.matcher(text);
        Status status = new Status(kind, 3, 0);
        while (matcher.find()) {
            if (matcher.group(1).equals(String.valueOf(kind))) {
                status = Status.parse(kind + "." + matcher.group(2) + "." + matcher.group(3));
            }
        }
        return outcome(status, text);
    }

    /** The good end. */
    Outcome delivered(String lines) {
        return new Outcome.Delivered(new Status(2, 1, 5), textWith(lines));
    }

    private static Outcome outcome(Status status, String text) {
        return status.kind() == 5 ? new Outcome.Failed(status, text) : new Outcome.Deferred(status, text);
    }

    private String textWith(String lines) {
        String said = Octets.text(output.toByteArray()).replace('\0', '_');
        if (cut) {
            said += "\n(cut: the output was longer than " + LIMIT + " octets)\n";
        } else if (!said.isEmpty() && !said.endsWith("\n") && !lines.isEmpty()) {
            said += "\n";
        }
        return said + lines;
    }
}
