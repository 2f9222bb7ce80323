package carteiro.inject;

import carteiro.mail.Octets;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** The message as it comes in: lines while the header is read, octets after it. */
final class MessageInput {
    private final InputStream in;
    private final byte[] buffer = new byte[32 * 1024];
    private int at;
    private int end;

    MessageInput(InputStream in) {
        this.in = in;
    }

    /** A line over the limit. */
    static final class LineTooLongException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /**
     * The next line with its LF, which is added to the last one if it has none; null at the end.
     *
     * @param limit the most octets
     */
    @Nullable
    String line(int limit) throws IOException {
        StringBuilder before = null; // of a line that does not end in the buffer
        while (fill()) {
            int lineEnd = at;
            while (lineEnd < end && buffer[lineEnd] != '\n') {
                lineEnd++;
            }
            boolean whole = lineEnd < end;
            int length = lineEnd - at + (whole ? 1 : 0);
            if (length + (before == null ? 0 : before.length()) > limit) {
                throw new LineTooLongException();
            }
            String part = Octets.text(buffer, at, length);
            at += length;
            if (whole) {
                return before == null ? part : before.append(part).toString();
            }
            before = before == null ? new StringBuilder(2 * length) : before;
            before.append(part);
        }
        return before == null ? null : before.append('\n').toString();
    }

    private boolean fill() throws IOException {
        if (at == end) {
            at = 0;
            end = Math.max(0, in.read(buffer));
        }
        return at < end;
    }

    /**
     * Copies what follows; an LF is added if the last line has none.
     *
     * @param dropReturns whether a CR before an LF is left out
     */
    void copyTo(OutputStream out, boolean dropReturns) throws IOException {
        boolean heldReturn = false;
        int last = '\n';
        while (fill()) {
            if (dropReturns) {
                if (heldReturn && buffer[at] != '\n') {
                    out.write('\r');
                }
                heldReturn = buffer[end - 1] == '\r';
                end -= heldReturn ? 1 : 0;
                dropReturns();
            }
            if (at < end) {
                out.write(buffer, at, end - at);
                last = buffer[end - 1];
            }
            at = end;
        }
        if (heldReturn) {
            out.write('\r');
            last = '\r';
        }
        if (last != '\n') {
            out.write('\n');
        }
    }

    private void dropReturns() {
        int to = at;
        for (int from = at; from < end; from++) {
            boolean lineEnd = buffer[from] == '\r' && from + 1 < end && buffer[from + 1] == '\n';
            if (!lineEnd) {
                buffer[to++] = buffer[from];
            }
        }
        end = to;
    }
}
