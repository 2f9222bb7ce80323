package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.protocol.Waiting.Report;

/** What a bounce says of one failed recipient, in the form of QSBMF (docs/standards.md). */
public final class BounceParagraph {
    private BounceParagraph() {}

    /**
     * The paragraph of a recipient, its empty line included: {@code <recipient>:}, then the report. It holds no empty line
     * in itself, since that would end it for a reader; nor anything that a mail program should not be shown.
     *
     * @param visible the recipient as the sender knows it
     * @param report lines; what does not fit into {@link Report#PARAGRAPH_LIMIT} is left out
     */
    public static String of(Address visible, String report) {
        var paragraph = new StringBuilder(report.length() + 80)
                .append('<')
                .append(oneLine(visible.octets()).replace('\t', '_'))
                .append(">:\n");
        int room = Report.PARAGRAPH_LIMIT - paragraph.length() - 2;
        int length = Math.min(report.length(), room);
        for (int i = 0; i < length; i++) {
            char c = report.charAt(i);
            boolean emptyLine = c == '\n' && (i == 0 || report.charAt(i - 1) == '\n');
            paragraph.append(emptyLine ? '/' : c == '\n' || isShown(c) ? c : '_');
        }
        if (paragraph.charAt(paragraph.length() - 1) != '\n') {
            paragraph.append('\n');
        }
        return paragraph.append('\n').toString();
    }

    /** A text as it stands in a bounce in one line: controls but TAB become {@code _}, so that no address begins a field of its own. */
    public static String oneLine(String text) {
        var line = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            line.append(isShown(c) ? c : '_');
        }
        return line.toString();
    }

    private static boolean isShown(char c) {
        return c >= 32 && c != 127 || c == '\t';
    }

    /** The paragraph of a recipient whose own cannot be read any more. */
    public static String lost(Address recipient) {
        return of(recipient, "Delivery failed for good; what was said then has been lost.\n");
    }
}
